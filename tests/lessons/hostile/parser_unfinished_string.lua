-- expect 2: unfinished string
local s = "never ends
