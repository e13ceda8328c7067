-- expect 3: takes too long
local a, b = ("a"):rep(30000), ("a"):rep(15000) .. "b"
while true do a:find(b) end
