-- expect 2: takes too long
local function f() return f() end
f()
