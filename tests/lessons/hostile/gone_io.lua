-- expect 2: name 'io'
local f = io
