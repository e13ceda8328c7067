-- expect 2: name 'print'
local f = print
