-- expect 5: not an operation
return lesson { id = "x", title = "x", track = "lab",
  world = function(w)
    w:service { "a", endpoints = {
      get = { { ["@is"] = "op", ["@op"] = 99 } } } }
  end }
