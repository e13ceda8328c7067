-- expect 5: did you mean 'instances'
return lesson { id = "x", title = "x", track = "lab",
  world = function(w)
    w:service { "a",
      instnces = 3,
      endpoints = { get = { compute(ms(1)) } } }
  end }
