-- expect 8: not an instance
return lesson { id = "x", title = "x", track = "lab",
  world = function(w)
    w:service { "api", endpoints = { get = { compute(ms(1)) } } }
    w:client { "users", to = "api/get", rate = 1 }
  end,
  expect = { moves = { ["p"] = function(s)
    return s:of("api", 1e6).cpu > 0
  end } } }
