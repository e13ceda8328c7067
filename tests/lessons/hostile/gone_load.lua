-- expect 2: name 'load'
local f = load
