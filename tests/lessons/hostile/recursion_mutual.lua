-- expect 3: nest deeper
local f, g
f, g = function() local a = g() return a end, function() local a = f() return a end
f()
