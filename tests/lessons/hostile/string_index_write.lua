-- expect 3: attempt to index|cannot
local s = "x"
s.y = 1
