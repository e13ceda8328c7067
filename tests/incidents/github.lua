-- GitHub, 21 October 2018: the primary site was cut off for 43 seconds. The other was made the
-- primary; the first one held writes that the new one had not ("one of our busiest clusters had
-- 954 writes in the affected window"), the new one those of nearly 40 minutes, and neither could
-- be thrown away: 24 hours and 11 minutes.
-- (github.blog/2018-10-30-oct21-post-incident-analysis)
--
-- 954 writes in 43 s are 22.2 a second, which is the rate here: that the model finds 954 is its
-- arithmetic and no forecast. What it does forecast: both sides have writes that the other has
-- not, for as long as the application keeps connections to the first one; with fencing the first
-- is down and only those before the failover are gone; with synchronous replication none is,
-- and nobody writes while the line is cut.
return lab { "GitHub, 21 October 2018", warm_up = sec(1), ends_at = hours(1),
  world = function(w)
    for _, name in ipairs { "split", "fenced", "sync" } do
      local db = "mysql-" .. name
      w:database { db, cores = 64, fencing = name == "fenced", promote_time = sec(5), synchronous = name == "sync",
        replicas = { west = { delay = ms(30) } },
        statements = { write = { cpu = ms(1), wal = 2000 } } }
      w:service { "app-" .. name, workers = 2000, pool = { to = db, size = 1500, lifetime = min(1) },
        endpoints = { save = { query(db, "write") } } }
      w:client { "users-" .. name, to = "app-" .. name .. "/save", rate = 954 / 43, arrivals = "even", gives_up = sec(10) }
    end
  end,
  incident = function(i)
    for _, name in ipairs { "split", "fenced", "sync" } do
      i:at(min(10), fault("mysql-" .. name .. ".west", "link_down", {}, { lasts = sec(43) }))
    end
    for _, name in ipairs { "split", "fenced" } do
      i:at(min(10) + sec(38), op("mysql-" .. name, "failover"))   -- leads 5 s later
    end
  end,
}
