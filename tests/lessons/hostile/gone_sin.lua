-- expect 2: math has no 'sin'
local f = math.sin
