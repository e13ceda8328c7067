-- expect 5: two components
return lesson { id = "x", title = "x", track = "lab",
  world = function(w)
    w:flag { "a" }
    w:flag { "a" }
  end }
