-- expect 2: math has no 'random'
local f = math.random
