-- expect 3: takes too long
local t = { a = 1 }
while true do for k in pairs(t) do end end
