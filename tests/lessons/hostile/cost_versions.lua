-- expect 6: takes too long|operations in all
return lesson { id = "x", title = "x", track = "lab",
  world = function(w)
    local v = {}
    for i = 1, 500 do v[i] = { "v" .. i, x = { compute(ms(1)) } } end
    for i = 1, 500 do w:service { "c" .. i, versions = v } end
  end }
