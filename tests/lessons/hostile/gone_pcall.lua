-- expect 2: name 'pcall'
local f = pcall
