-- expect 8: takes too long
return lesson { id = "x", title = "x", track = "lab",
  world = function(w)
    w:service { "api", endpoints = { get = { compute(ms(1)) } } }
    w:client { "users", to = "api/get", rate = 1 }
  end,
  expect = { moves = { ["p"] = function(s)
    while true do s:good(min(25)) end
  end } } }
