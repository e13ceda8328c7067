-- expect 3: compare|raised inside
local t = { 3, 1, 2 }
table.sort(t, function(a, b) error("raised inside") end)
