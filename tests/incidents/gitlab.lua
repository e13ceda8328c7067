-- GitLab, 31 January 2017: the data of the primary, about 300 GB, was deleted by hand. The newest
-- copy was 6 hours old: what came between 17:20 and 23:25 UTC was lost, about 5,000 projects.
-- Copying back took about 18 hours from disks "throttled to around 60Mbps".
-- (about.gitlab.com/blog/2017/02/10/postmortem-of-database-outage-of-january-31)
--
-- Agrees: everything since the copy is lost, six hours of it, 5,000 rows at that rate. Does not:
-- 300 GB at 60 Mbit/s are 11.1 hours, which is what the model takes. In 18 hours that is 486 GB,
-- so the published size, rate and time do not fit each other.
return lab { "GitLab, 31 January 2017", warm_up = sec(1), ends_at = hours(30),
  world = function(w)
    w:database { "db", cores = 32, data = 300e9, restore_rate = 60e6 / 8,
      backup = { every = hours(24), at = hours(1), rate = 1e9, load = 0 },
      tables = { projects = { rows = 1000000, row_bytes = 1000 } },
      statements = { create = { cpu = ms(1), wal = 2000, table = "db.projects", inserts = 1 } } }
    w:service { "app", workers = 100, pool = { to = "db", size = 50 }, endpoints = { create = { query("db", "create") } } }
    w:client { "users", to = "app/create", rate = 5000 / (6 * 3600), gives_up = sec(30) }
  end,
  incident = function(i)
    i:at(hours(7), fault("db.projects", "dropped"))
    i:at(hours(7) + min(5), op("db", "restore"))
  end,
}
