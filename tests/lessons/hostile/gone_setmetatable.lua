-- expect 2: name 'setmetatable'
local f = setmetatable
