-- expect 3: number expected, got string
local s, f = ('0'):rep(32767) .. '1', string.sub
while true do f('a', s, s) end
