-- expect 2: name 'xpcall'
local f = xpcall
