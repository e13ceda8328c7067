-- expect 4: takes too long
local t, s = {}, {}
for i = 1, 500 do t[i] = ("x"):rep(20000, "") end
return lesson { id = "x", title = "x", track = "lab", world = function() end,
  teaches = t, tools = t, sums = t }
