-- Connection pools and Little's law: how many connections does a service need?
--
-- Requests come at 90 a second and hold a connection for 100 ms on average, so by
-- Little's law 90 x 0.1 = 9 connections are in use at any moment, on average, whatever
-- the pool's size. A pool is a queue with that many servers (M/M/c), so its size decides
-- only how long one waits for a turn. Erlang C says:
--
--   connections      busy    mean wait for a connection
--        8           112 %   grows without end: here until the pool's queue times out
--       10            90 %    66.9 ms
--       12            75 %     9.1 ms
--       15            60 %     0.8 ms
--       40            22 %     0
--
-- So: nine are too few, twelve are nearly as good as forty. What forty costs is on the
-- other side: see usl.lua.
--
-- Look at: the mean of `waiting` of each client; `pool_in_use` of each pool (9, except
-- where it is 8); FAILURES of the pool of 8; where its slow requests spend their time.

local sizes = { 8, 10, 12, 15, 40 }

return lab { "pools and Little's law", ends_at = min(40),

  world = function(w)
    for _, n in ipairs(sizes) do
      local db, app, users = "db-" .. n, "app-" .. n, "pool-of-" .. n
      -- The database has room: what takes time is the statement, not a lack of cores.
      w:database { db, cores = 64, max_connections = 100,
        statements = { read = { cpu = exponential(ms(100)) } } }
      w:service { app, workers = 4096,
        pool = { to = db, size = n, acquire_timeout = sec(5) },
        endpoints = { get = { query(db, "read") } } }
      w:client { users, to = app .. "/get", rate = 90 }
    end
  end,
}
