-- expect 5: operations in all|more than
return lesson { id = "x", title = "x", track = "lab",
  world = function(w)
    local p = { compute(ms(1)), compute(ms(1)) }
    for i = 1, 25 do p = { block(p), block(p) } end
    w:service { "a", endpoints = { get = p } }
  end }
