-- expect 4: must be text
local t = {}
for i = 1, 100000 do t = { t } end
return lesson { id = t, title = "x", track = "lab", world = function() end }
