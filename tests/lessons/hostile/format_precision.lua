-- expect 2: two digits
local s = string.format("%.2000f", 1)
