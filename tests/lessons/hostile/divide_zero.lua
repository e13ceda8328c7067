-- expect 2: attempt to perform|divide by zero
local x = 1 // 0
