-- expect 6: takes too long|operations in all
return lesson { id = "x", title = "x", track = "lab",
  world = function(w)
    local p = {}
    for i = 1, 500 do p[i] = log("info", ("x"):rep(200)) end
    for i = 1, 1e6 do w:service { "s" .. i, endpoints = { get = p } } end
  end }
