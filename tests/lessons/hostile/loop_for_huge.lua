-- expect 2: takes too long
for i = 1, math.maxinteger do end
