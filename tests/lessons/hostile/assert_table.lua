-- expect 2: bad argument
assert(false, {})
