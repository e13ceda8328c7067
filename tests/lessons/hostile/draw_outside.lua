-- expect 4: unknown name 's'
return lesson { id = "x", title = "x", track = "lab",
  world = function(w)
    local x = s
  end }
