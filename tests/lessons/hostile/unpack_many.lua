-- expect 2: more than 200 values
local a = table.unpack({}, 1, 1e7)
