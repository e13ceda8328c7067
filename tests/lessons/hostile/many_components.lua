-- expect 4: more than|takes too long
return lesson { id = "x", title = "x", track = "lab",
  world = function(w)
    for i = 1, 1e6 do w:flag { "f" .. i } end
  end }
