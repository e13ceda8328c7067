-- expect 4: takes too long
local a, f, t = 1.2345678901234e-308, table.concat, {}
for i = 1, 1500 do t[i] = a end
while true do f(t) end
