-- expect 8: did you mean 'cpu'
return lesson { id = "x", title = "x", track = "lab",
  world = function(w)
    w:service { "api", endpoints = { get = { compute(ms(1)) } } }
    w:client { "users", to = "api/get", rate = 1 }
  end,
  expect = { moves = { ["p"] = function(s)
    return s:service("api").cp > 1
  end } } }
