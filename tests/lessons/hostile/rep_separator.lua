-- expect 2: longer than 32768
local s = ("x"):rep(1 << 30, ("y"):rep(1000))
