-- expect 2: no 'gmatch'
for w in ("x"):gmatch("x*") do end
