-- expect 3: no field 'titel'; did you mean 'title'
return lesson { id = "x",
  titel = "x",
  track = "lab", world = function() end }
