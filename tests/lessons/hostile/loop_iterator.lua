-- expect 2: takes too long
for i in function() return 1 end do end
