-- expect 5: not a distribution
return lesson { id = "x", title = "x", track = "lab",
  world = function(w)
    w:external { "a",
      latency = { ["@is"] = "dist", kind = 77, mean = 1 } }
  end }
