-- expect 3: takes too long
local s = ("x"):rep(30000)
while true do s:upper() end
