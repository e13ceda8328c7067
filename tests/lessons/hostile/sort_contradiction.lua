-- expect 6: as it was
local t = {}
for i = 1, 200 do t[i] = i end
table.sort(t, function() return true end)
table.sort(t, function(a, b) return a == b end)
error("as it was")
