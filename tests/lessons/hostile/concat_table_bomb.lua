-- expect 4: longer than 32768
local t = {}
for i = 1, 100 do t[i] = ("x"):rep(1000) end
local s = table.concat(t)
