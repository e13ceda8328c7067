-- expect 3: takes too long
local i = 0
repeat if i < 0 then goto continue end i = i + 1 ::continue:: until false
