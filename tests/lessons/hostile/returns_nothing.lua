-- expect 0: must end with
local x = 1
