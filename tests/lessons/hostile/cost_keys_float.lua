-- expect 4: takes too long
local t, x = {}, nil
for i = 1, 1500 do t[1 + i * 1e-13] = i end
while true do x = t[1 + 1e-13] x = t[1 + 1e-13] x = t[1 + 1e-13] x = t[1 + 1e-13] x = t[1 + 1e-13] x = t[1 + 1e-13] x = t[1 + 1e-13] x = t[1 + 1e-13] x = t[1 + 1e-13] x = t[1 + 1e-13] end
