-- expect 5: bytes; 200 at most
return lesson { id = "x", title = "x", track = "lab",
  world = function(w)
    w:service { "a", endpoints = { get = {
      log("info", ("x"):rep(30000)) } } }
  end }
