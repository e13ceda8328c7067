-- expect 5: must be a number
return lesson { id = "x", title = "x", track = "lab",
  world = function(w)
    w:service { "a",
      workers = {},
      endpoints = { get = { compute(ms(1)) } } }
  end }
