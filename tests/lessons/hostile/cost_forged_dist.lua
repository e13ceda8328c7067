-- expect 5: takes too long
local s, d = ('0'):rep(32000) .. '1', exponential(sec(1))
d.kind = s d.k = s d.mean = s d.spread = s
local c = compute
while true do c(d) end
