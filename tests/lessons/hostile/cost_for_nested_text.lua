-- expect 3: the bounds of a for must be numbers
local s = ('0'):rep(32767) .. '1'
for i = (function() for k = 1, s --[[ do ]] do end return 1 end)(), 2 do end
