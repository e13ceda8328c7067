-- expect 2: name 'package'
local f = package
