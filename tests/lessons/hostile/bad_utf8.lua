-- expect 2: near
local ÿþ = 1
