-- Connections are things: they cost cores to open, take a local port for a minute after they
-- are closed, and can be dead without a word.
--
--   keeps-two, keeps-all    64 users at once, whose pools keep two idle connections (Go's
--                           default) or all. Who keeps two opens and closes hundreds a
--                           second: each costs the database 5 ms, and leaves its local port
--                           in TIME_WAIT for 60 s. There are 28,232 of them.
--   silent, told            a firewall loses its table after two minutes. What is sent over
--                           the connection that was open is lost, and sent again, until the
--                           kernel gives up: after 924.6 s, or after user_timeout. Requests
--                           that open a new one meanwhile are well.
--   herd                    1,000 handshakes a second of 5 ms are five cores' work; the
--                           service has two, and its requests wait behind those who knock.
--
-- Look at: `ports_in_use` of the pools, FAILURES "out of local ports"; the longest answer
-- and "dead connection" in WHERE THE TIME WENT; `cpu` of door.
return lab { "connections are things", warm_up = min(1), ends_at = min(18),

  world = function(w)
    for name, idle in pairs { ["keeps-two"] = 2, ["keeps-all"] = 64 } do
      local db, app = "db-" .. name, "app-" .. name
      w:database { db, cores = 64, max_connections = 500, statements = { mark = { cpu = ms(20) } } }
      w:service { app, workers = 200, pool = { to = db, size = 100, max_idle = idle },
        endpoints = { get = { query(db, "mark") } } }
      w:client { name, to = app .. "/get", users = 64, think = exponential(ms(20)) }
    end
    for name, patience in pairs { silent = 0, told = sec(30) } do
      local back, net, front = "back-" .. name, "net-" .. name, "front-" .. name
      w:service { back, workers = 100, endpoints = { get = { sleep(ms(5)) } } }
      w:link { net, user_timeout = patience }
      w:service { front, workers = 100, calls = { [back] = { via = net, max_idle = 10 } },
        endpoints = { get = { call(back, "get") } } }
      w:client { name, to = front .. "/get", rate = 10 }
    end
    w:service { "door", workers = 64, cores = 2, endpoints = { get = { compute(ms(1)) } } }
    w:certificate { "cert", on = "door", handshake = ms(5) }
    w:client { "herd", to = "door/get", rate = 50, gives_up = sec(5),
      calls = { door = { tls = "cert", keep_alive = 1 } } }
  end,

  incident = function(i)
    i:at(min(2), fault("net-silent", "forget"))
    i:at(min(2), fault("net-told", "forget"))
    i:at(min(4), fault("herd", "spike", { factor = 20 }, { lasts = min(1) }))
  end,
}
