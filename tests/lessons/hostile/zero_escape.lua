-- expect 2: zero byte
local s = "a\0b"
