-- expect 8: attempt to|index
return lesson { id = "x", title = "x", track = "lab",
  world = function(w)
    w:service { "api", endpoints = { get = { compute(ms(1)) } } }
    w:client { "users", to = "api/get", rate = 1 }
  end,
  expect = { moves = { ["p"] = function(s)
    s.x = 1
  end } } }
