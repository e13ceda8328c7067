-- expect 2: takes too long
for i = 0.0, math.huge, 0.5 do end
