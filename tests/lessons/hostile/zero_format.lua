-- expect 2: not 1 to 255
local s = string.format("%c", 0)
