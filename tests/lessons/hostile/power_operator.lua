-- expect 2: ^ is not allowed
local x = 2 ^ 0.5
