-- expect 2: more than 200 values
local a = ("x"):rep(30000):byte(1, -1)
