-- expect 5: attempt to index a nil value
local kept
return lesson { id = "x", title = "x", track = "lab",
  world = function(w) kept = w w:flag { "f" } end,
  expect = { moves = { ["p"] = function(s) kept:flag { "g" } return true end } } }
