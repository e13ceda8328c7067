-- expect 4: takes too long
return lesson { id = "x", title = "x", track = "lab",
  world = function(w)
    while true do end
  end }
