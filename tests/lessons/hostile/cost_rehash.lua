-- expect 5: takes too long
local t, x, y, z, w, v = {}, 3000000000, 3000000003, 3000000006, 3000000009, 3000000012
for i = 1, 262144 do t[i] = 0 end
t[x] = 1
while true do t[y] = 1 t[z] = 1 t[w] = 1 t[y] = nil t[z] = nil t[w] = nil t[v] = 1 t[v] = nil end
