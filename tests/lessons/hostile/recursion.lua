-- expect 2: nest deeper
local function f(n) return 1 + f(n + 1) end
f(1)
