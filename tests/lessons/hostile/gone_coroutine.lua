-- expect 2: name 'coroutine'
local f = coroutine
