-- expect 2: has no order
for k in pairs({ [true] = 1 }) do end
