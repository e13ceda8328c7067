-- expect 2: must be text, not a number
return lesson { id = 5, title = "x", track = "lab", world = function() end }
