-- expect 3: more than 16 MiB|takes too long
local t = {}
for i = 1, 1e7 do t["k" .. i] = true end
