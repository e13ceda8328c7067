-- expect 5: belongs into world
local kept
return lesson { id = "x", title = "x", track = "lab",
  world = function(w) kept = w w:flag { "f" } end,
  incident = function(i) kept:flag { "g" } end }
