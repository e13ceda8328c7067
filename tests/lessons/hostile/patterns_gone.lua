-- expect 2: no 'gsub'
local s = string.gsub(("a"):rep(100), ".-.-.-.-.-b", "")
