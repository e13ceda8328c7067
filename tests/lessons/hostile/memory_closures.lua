-- expect 3: more than 16 MiB
local t = {}
for i = 1, 1e7 do t[i] = function() return i end end
