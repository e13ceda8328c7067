-- expect 2: attempt to perform arithmetic
local x = "10" + 1
