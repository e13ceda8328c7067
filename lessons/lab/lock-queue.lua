-- Joyent Manta, 27 July 2015: an autovacuum to prevent wraparound held its lock for hours, which
-- hinders nobody. A DROP TRIGGER wanted the whole table and waited for it, and all queries waited
-- behind that: about 22 % of all requests failed, 19 to 27, from 10:30 to 20:45 UTC, those of one
-- shard. (www.joyent.com/blog/manta-postmortem-7-27-2015)
--
-- Four shards here, so a quarter; and one more whose change gives up after 2 s, as the rule has
-- been since: nobody notices.
--
-- Look at: FAILURES of readers-waits and writers-waits, beside readers-times-out; `lock_waiting`
-- of shard-waits.objects, and its `upkeep`, which alone hurts nobody.
return lab { "a lock that waits stops all behind it", warm_up = sec(1), ends_at = hours(1),
  world = function(w)
    for n, name in ipairs { "waits", "times-out", "second", "third", "fourth" } do
      local db = "shard-" .. name
      w:database { db, cores = 8, freeze_max_age = 200000000,
        tables = { objects = { rows = 20000000, vacuum_speed = 20000, frozen_age = n <= 2 and 199990000 or 0 } },
        statements = { get = { cpu = ms(1), table = db .. ".objects" },
                       put = { cpu = ms(1), wal = 500, table = db .. ".objects", inserts = 1 } } }
      w:service { "api-" .. name, workers = 500, pool = { to = db, size = 50, acquire_timeout = sec(30) },
        endpoints = { get = { query(db, "get") }, put = { query(db, "put") } } }
      w:client { "readers-" .. name, to = "api-" .. name .. "/get", rate = 20, gives_up = sec(30) }
      w:client { "writers-" .. name, to = "api-" .. name .. "/put", rate = 30, gives_up = sec(30) }
    end
  end,
  incident = function(i)
    i:at(min(10), op("shard-waits.objects", "migrate", { change = "add_column" }))
    i:at(min(10), op("shard-times-out.objects", "migrate", { change = "add_column", lock_timeout = sec(2) }))
  end,
}
