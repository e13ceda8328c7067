-- expect 3: more than 16 MiB|takes too long
local t = {}
for i = 1, 10000 do t[i] = ("x"):rep(30000) .. i end
