-- expect 2: name '_G'
local f = _G
