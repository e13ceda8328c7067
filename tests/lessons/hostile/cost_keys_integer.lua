-- expect 3: takes too long
local t, x = {}, nil
for i = 1, 33000 do t[i * 65535] = i end
while true do x = t[65535] end
