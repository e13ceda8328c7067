-- expect 2: invalid escape
local s = "\q"
