-- expect 3: lacks its unit
return lesson { id = "x", title = "x", track = "lab", world = function() end,
  ends_at = 30 }
