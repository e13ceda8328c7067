-- expect 2: zero byte
local s = "a\u{000}b"
