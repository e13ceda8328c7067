-- expect 3: longer than 32768
local a = ("x"):rep(20000)
local s = string.format("%s%s%s%s", a, a, a, a)
