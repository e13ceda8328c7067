-- expect 2: two digits
local s = string.format("%9999999d", 1)
