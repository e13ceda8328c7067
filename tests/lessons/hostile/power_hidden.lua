-- expect 4: ^ is not allowed
-- ^ in a comment, "^" and [[^]] are fine
local a, b, c = "^", [[^]], 1e3
local x = 2--[[]]^3
