-- expect 3: written twice
return lesson { id = "x",
  id = "y", title = "x", track = "lab", world = function() end }
