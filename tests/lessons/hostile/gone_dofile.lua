-- expect 2: name 'dofile'
local f = dofile
