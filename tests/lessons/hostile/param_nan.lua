-- expect 5: not a number
return lesson { id = "x", title = "x", track = "lab",
  world = function(w)
    w:service { "a",
      cores = 0 / 0,
      endpoints = { get = { compute(ms(1)) } } }
  end }
