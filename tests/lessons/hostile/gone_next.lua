-- expect 2: name 'next'
local f = next
