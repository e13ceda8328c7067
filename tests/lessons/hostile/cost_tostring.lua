-- expect 3: takes too long
local a, f = 1.2345678901234e-308, tostring
while true do f(a) end
