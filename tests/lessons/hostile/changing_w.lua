-- expect 4: attempt to|cannot|index
return lesson { id = "x", title = "x", track = "lab",
  world = function(w)
    w.service = 1
  end }
