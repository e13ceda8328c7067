-- expect 2: middle of a conversion
local s = string.format("%-5")
