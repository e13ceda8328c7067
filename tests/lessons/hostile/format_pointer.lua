-- expect 2: no conversion %p
local s = string.format("%p", {})
