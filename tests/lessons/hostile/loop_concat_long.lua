-- expect 3: takes too long
local s = ("x"):rep(16000)
while true do local t = s .. "y" end
