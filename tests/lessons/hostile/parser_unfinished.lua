-- expect 0: unfinished long string
local s = [==[ never ends
