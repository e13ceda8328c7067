-- expect 4: takes too long
local t, x = {}, nil
for i = 1, 1500 do t[i * 2047] = i end
while true do x = t[2047] x = t[2047] x = t[2047] x = t[2047] x = t[2047] x = t[2047] x = t[2047] x = t[2047] x = t[2047] x = t[2047] x = t[2047] x = t[2047] x = t[2047] x = t[2047] x = t[2047] x = t[2047] x = t[2047] x = t[2047] x = t[2047] x = t[2047] end
