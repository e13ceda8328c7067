-- expect 2: name 'rawget'
local f = rawget
