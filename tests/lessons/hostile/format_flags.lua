-- expect 2: no conversion
local s = string.format("%------------------d", 1)
