-- expect 2: no conversion %a
local s = string.format("%a", 0.1)
