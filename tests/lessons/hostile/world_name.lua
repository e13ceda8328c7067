-- expect 4: letters, digits
return lesson { id = "x", title = "x", track = "lab",
  world = function(w)
    w:flag { "a b\27[2J" }
  end }
