-- expect 2: zero byte
local s = "a\x00b"
