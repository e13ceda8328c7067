-- expect 2: takes too long
while true do end
