-- expect 5: nest deeper
return lesson { id = "x", title = "x", track = "lab",
  world = function(w)
    local p = {}
    p[1] = block(p)
    w:service { "a", endpoints = { get = p } }
  end }
