-- expect 9: takes too long
return lesson { id = "x", title = "x", track = "lab",
  world = function(w) w:counter { "c" } end,
  expect = { moves = {
    ["a"] = function(s) local t = {} for i = 1, 300 do t[i * 511] = i end return true end,
    ["b"] = function(s)
      local t = {}
      for i = 1, 100 do t[i * 127] = i end
      while true do t[127] = t[127] end
    end } } }
