-- A cache stampede, and three ways to keep everybody from running at once.
--
-- Ten keys are read 300 times a second and live for ten seconds; making a value takes
-- 80 ms of database time on four cores. When a popular key expires, everybody who wants
-- it in those 80 ms misses, and all of them ask the database: it gets busier, so making
-- the value takes longer, so more miss. The first key of a Zipf law over ten gets a third
-- of the reads: 100 a second x 80 ms = 8 cores wanted, and there are four.
--
--   plain           nothing is done about it: a matter of time until it does not come back
--   jitter          lifetimes differ by up to 30 %: keys do not expire together. It does
--                   not help within one key, so it is late rather than never
--   single-flight   one loads, the others wait for it: one load per expiry, so 10 keys / 10 s
--                   = one load a second, 2 % of the database
--   stale           and while it loads, the others get the old value: nobody waits
--
-- Look at: good/s and p99.9 of each client; `statements_total` of each database;
-- `coalesced_total` of each key space. WHERE THE TIME WENT tells waiting for another's
-- miss from database contention.

local ways = {
  plain = {},
  jitter = { jitter = 0.3 },
  ["single-flight"] = { single_flight = true },
  stale = { single_flight = true, stale_while_revalidate = sec(10) },
}

return lab { "a cache stampede", ends_at = min(20),

  world = function(w)
    for name, way in pairs(ways) do
      local db, cache, app = "db-" .. name, "cache-" .. name, "app-" .. name
      way.keys, way.ttl, way.popularity = 10, sec(10), 1
      w:database { db, cores = 4, max_connections = 400,
        statements = { make = { cpu = ms(80) } } }
      w:cache { cache, keyspaces = { pages = way } }
      w:service { app, workers = 2000, queue = -1, pool = { to = db, size = 200 },
        endpoints = { page = { cached(cache, "pages", { query(db, "make") }) } } }
      w:client { name, to = app .. "/page", rate = 300, gives_up = sec(10) }
    end
  end,
}
