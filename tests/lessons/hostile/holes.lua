-- expect 3: holes|list
return lesson { id = "x", title = "x", track = "lab", world = function() end,
  teaches = { "a", nil, nil, nil, "b" } }
