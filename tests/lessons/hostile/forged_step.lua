-- expect 3: must be made with
return lesson { id = "x", title = "x", track = "lab", world = function() end,
 steps = { { "x", say = "x" } } }
