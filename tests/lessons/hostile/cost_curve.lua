-- expect 2: takes too long
while true do diurnal { base = 1 } end
