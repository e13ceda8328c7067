-- expect 4: no kind 'servce'; did you mean 'service'
return lesson { id = "x", title = "x", track = "lab",
  world = function(w)
    w:servce { "a" }
  end }
