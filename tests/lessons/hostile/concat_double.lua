-- expect 4: a string longer than 32 KiB
local s = "xxxxxxxx"
for i = 1, 40 do
  s = s .. s
end
