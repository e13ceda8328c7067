-- expect 3: takes too long
local a, f = 1.2345678901234e-308, string.format
while true do f('%.99f', a) end
