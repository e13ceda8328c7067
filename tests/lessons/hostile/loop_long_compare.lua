-- expect 4: takes too long
local a = ("x"):rep(30000) .. "a"
local b = ("x"):rep(30000) .. "b"
while a ~= b do end
