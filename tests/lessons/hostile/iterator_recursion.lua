-- expect 3: C stack overflow|nest deeper
local function f()
  for k in pairs({ 1 }) do f() end
end
f()
