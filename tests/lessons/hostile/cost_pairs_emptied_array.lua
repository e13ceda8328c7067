-- expect 3: takes too long
local t = {} for i = 1, 262145 do t[i] = 0 end for i = 262145, 1, -1 do t[i] = nil end
while true do pairs(t) end
