-- expect 2: takes too long
local t = {} for i = 1, 131072 do t[i * 1.5] = 0 end for i = 1, 131072 do t[i * 1.5] = nil end
while true do pairs(t) end
