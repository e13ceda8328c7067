-- Mandrill, 4 February 2019: one of five PostgreSQL instances ran out of transaction ids, as its
-- autovacuum had fallen behind a peak of writes; it reads and does not write until a vacuum is
-- done. 80 % of the mail was sent; from 05:35 UTC to 22:09 of the next day, 40.6 hours.
-- (mailchimp.com/what-we-learned-from-the-recent-mandrill-outage)
--
-- 730 million rows, which the vacuum goes through in 10 hours. It has begun long before the ids
-- run out, and is too late: what a table's size does, and no setting of the night. Reads go on.
-- The limit is that of PostgreSQL 14 and later, 3 million before the end; 1 million then.
return lab { "Mandrill, 4 February 2019: one shard of five out of transaction ids", warm_up = sec(1), ends_at = hours(1),
  world = function(w)
    for n = 1, 5 do
      local db = "shard" .. n
      w:database { db, cores = 8,
        tables = { jobs = { rows = 730000000, vacuum_speed = 20000, frozen_age = n == 1 and 2147483648 - 3000000 - 30000 or 0 } },
        statements = { get = { cpu = ms(1), table = db .. ".jobs" }, put = { cpu = ms(1), wal = 500, table = db .. ".jobs", inserts = 1 } } }
      w:service { "app" .. n, workers = 50, pool = { to = db, size = 10 }, endpoints = { send = { query(db, "put") } } }
      w:service { "look" .. n, workers = 50, pool = { to = db, size = 10 }, endpoints = { get = { query(db, "get") } } }
      w:client { "readers" .. n, to = "look" .. n .. "/get", rate = 5, gives_up = sec(30) }
      w:client { "mail" .. n, to = "app" .. n .. "/send", rate = 50, gives_up = sec(30) }
    end
  end,
  incident = function(i) end,
}
