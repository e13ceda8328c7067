-- expect 2: longer than 32768
local s = string.rep("x", 1 << 62)
