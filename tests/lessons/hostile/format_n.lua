-- expect 2: no conversion %n
local s = string.format("%n", 1)
