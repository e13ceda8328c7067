-- expect 2: name 'require'
local f = require
