-- expect 3: takes too long
local s = ("")
while true do s = s:rep(1 << 62) end
