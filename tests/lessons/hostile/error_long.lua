-- expect 2: xxxxxxxx
error(("x"):rep(30000))
