-- expect 2: cannot be changed
math.floor = function() return 1 end
