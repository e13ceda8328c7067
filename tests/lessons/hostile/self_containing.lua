-- expect 5: must be text|must be a function|list
local t = {}
t[1] = t
return lesson { id = "x", title = "x", track = "lab", world = function() end,
  real = t }
