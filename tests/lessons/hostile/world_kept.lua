-- expect 5: only
local kept
return lesson { id = "x", title = "x", track = "lab",
  world = function(w) kept = w w:flag { "f" } end,
  expect = { moves = { ["p"] = function(s) kept:flag { "g" } return true end } } }
