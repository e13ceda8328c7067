-- expect 5: takes too long
local t, k, n = {}, 1, nil
for i = 1, 62 do t[k] = i k = k * 2 end
t[3] = 1 t[5] = 1 t[9] = 1 t[17] = 1
while true do n = #t n = #t n = #t n = #t n = #t n = #t n = #t n = #t n = #t n = #t n = #t n = #t n = #t n = #t n = #t n = #t n = #t n = #t n = #t n = #t n = #t n = #t n = #t n = #t n = #t n = #t n = #t n = #t n = #t n = #t n = #t n = #t n = #t n = #t n = #t n = #t n = #t n = #t n = #t n = #t n = #t n = #t n = #t n = #t n = #t n = #t n = #t n = #t n = #t n = #t end
