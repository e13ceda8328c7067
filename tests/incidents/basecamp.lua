-- Basecamp, 8 November 2018: the ids of the events table ended at 2,147,483,647. From 07:21 to
-- 12:11 CST nothing could be written, and all could be read; the cure was a wider column.
-- (m.signalvnoise.com/postmortem-on-the-read-only-outage-of-basecamp-on-november-9th-2018)
--
-- Agrees: reads are well, writes fail, all of them, at once. Does not: here the table is
-- rewritten under a lock, as PostgreSQL does it, and reads wait as well, for 47 minutes. Basecamp
-- stayed readable meanwhile (MySQL, and a copy that took the other's place), and took 3 hours.
return lab { "Basecamp, 8 November 2018: out of ids", warm_up = sec(1), ends_at = hours(6),
  world = function(w)
    w:database { "db", cores = 16,
      tables = { events = { rows = 2147470000, row_bytes = 100, id_limit = 2147483647, next_id = 2147470000 } },
      statements = { read = { cpu = ms(1), table = "db.events" }, write = { cpu = ms(1), wal = 500, table = "db.events", inserts = 1 } } }
    w:service { "app", workers = 200, pool = { to = "db", size = 50 },
      endpoints = { show = { query("db", "read") }, post = { query("db", "write") } } }
    w:client { "readers", to = "app/show", rate = 20, gives_up = sec(10) }
    w:client { "writers", to = "app/post", rate = 10, gives_up = sec(10) }
  end,
  incident = function(i)
    i:at(hours(2), op("db.events", "widen_ids"))
  end,
}
