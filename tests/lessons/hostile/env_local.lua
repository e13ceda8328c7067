-- expect 3: attempt to call|unknown
local _ENV = {}
local x = f()
