-- expect 2: name 'rawequal'
local f = rawequal
