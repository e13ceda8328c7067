-- expect 3: C stack overflow|nest deeper
local function f()
  table.sort({ 2, 1 }, f)
end
f()
