-- expect 2: not 1 to 255
local s = string.char(0)
