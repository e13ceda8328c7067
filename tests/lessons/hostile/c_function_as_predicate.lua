-- expect 2: must be a function
return lesson { id = "x", title = "x", track = "lab", world = pairs }
