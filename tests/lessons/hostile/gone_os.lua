-- expect 2: name 'os'
local f = os
