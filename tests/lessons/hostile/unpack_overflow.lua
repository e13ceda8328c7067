-- expect 2: more than 200 values
local a = table.unpack({}, math.mininteger, math.maxinteger)
