-- expect 3: the bounds of a for must be numbers
local s = ('0'):rep(32767) .. '1'
while true do for i = 1.5, 2, s do end end
