-- expect 2: name 'getmetatable'
local f = getmetatable
