-- expect 5: elements; at most
local t = {}
for i = 1, 1000 do t[i] = "x" end
return lesson { id = "x", title = "x", track = "lab", world = function() end,
  teaches = t }
