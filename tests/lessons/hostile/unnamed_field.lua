-- expect 2: unnamed value
return lesson { "x", id = "x", title = "x", track = "lab", world = function() end }
