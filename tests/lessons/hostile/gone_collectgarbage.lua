-- expect 2: name 'collectgarbage'
local f = collectgarbage
