-- expect 2: takes too long|concat: element
local s = table.concat({}, "x", 1, math.maxinteger)
