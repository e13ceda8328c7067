-- expect 7: takes too long
return lesson { id = "x", title = "x", track = "lab",
  world = function(w)
    local t, b = {}, {}
    for i = 1, 262145 do t[i] = 0 end for i = 262145, 1, -1 do t[i] = nil end
    for i = 1, 500 do b[i] = sometimes(0.5, t, t) end
    for k = 1, 38 do w:service { "e" .. k, endpoints = { x = b } } end
  end }
