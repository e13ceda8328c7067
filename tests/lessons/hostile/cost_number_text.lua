-- expect 3: number expected, got string
local s, f = ('0'):rep(32767) .. '1', math.floor
while true do f(s) end
