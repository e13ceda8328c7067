-- expect 2: name 'loadstring'
local f = loadstring
