-- expect 3: more than 16 MiB
local t = {}
while true do t = { t, {}, {}, {} } end
