-- expect 3: takes too long
local s, c = (' '):rep(16000) .. '1s', compute
while true do c(s) end
