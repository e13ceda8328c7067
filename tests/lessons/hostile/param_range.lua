-- expect 5: must be from
return lesson { id = "x", title = "x", track = "lab",
  world = function(w)
    w:service { "a",
      instances = 1e9,
      endpoints = { get = { compute(ms(1)) } } }
  end }
