-- expect 3: attempt to call a nil value
local f
f()
