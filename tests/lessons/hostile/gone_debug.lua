-- expect 2: name 'debug'
local f = debug
