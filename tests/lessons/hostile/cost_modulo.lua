-- expect 3: takes too long
local a, b, c = 1.7e308, 1.1e-308, nil
while true do c = a % b c = a % b c = a % b c = a % b c = a % b c = a % b c = a % b c = a % b c = a % b c = a % b c = a % b c = a % b c = a % b c = a % b c = a % b c = a % b c = a % b c = a % b c = a % b c = a % b c = a % b c = a % b c = a % b c = a % b c = a % b c = a % b c = a % b c = a % b c = a % b c = a % b c = a % b c = a % b c = a % b c = a % b c = a % b c = a % b c = a % b c = a % b c = a % b c = a % b c = a % b c = a % b c = a % b c = a % b c = a % b c = a % b c = a % b c = a % b c = a % b c = a % b end
