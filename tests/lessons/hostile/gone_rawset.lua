-- expect 2: name 'rawset'
local f = rawset
