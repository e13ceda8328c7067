-- Google Cloud, 12 June 2025: Service Control crashed everywhere, and was mended in 40 minutes. In
-- the largest region the tasks that started came down on their database together, without a
-- backoff, and overloaded it; it took 2 h 40 min, until starts were throttled.
-- (status.cloud.google.com/incidents/ow5i3PPK96RduMcb1SsW)
--
-- Each task that starts opens ten sessions, each of which costs the database
-- 100 ms of its cores, and a task whose checks fail for 15 s is killed. Agrees: 20 tasks are
-- back at once, 200 never, as each new start throws away what the last one had; throttled to two a
-- second they are back in the two minutes that takes.
--
-- Look at: `restarts_total` of control-large beside control-throttled; `cpu` of their databases,
-- which is full with sessions that are opened and thrown away.
return lab { "a herd of tasks that start", warm_up = sec(1), ends_at = hours(2),
  world = function(w)
    for name, n in pairs { large = 200, throttled = 200, small = 20 } do
      local spanner, control = "spanner-" .. name, "control-" .. name
      w:database { spanner, cores = 4, max_connections = 5000, connect_time = ms(100),
        statements = { policy = { cpu = ms(5) } } }
      w:service { control, instances = n, workers = 16, cores = 2, start_up = sec(5),
        liveness = "none", probe_timeout = sec(1), probe_every = sec(5),
        pool = { to = spanner, size = 10, min_size = 10 },
        endpoints = { check = { query(spanner, "policy") } } }
      w:client { "users-" .. name, to = control .. "/check", rate = n / 2, gives_up = sec(5) }
    end
  end,
  incident = function(i)
    for _, name in ipairs { "large", "throttled", "small" } do
      i:at(min(8), set("control-" .. name .. ".liveness", "database"))
    end
    for _, name in ipairs { "large", "small" } do
      i:at(min(10), fault("control-" .. name, "crash", {}, { lasts = min(40) }))
    end
    for k = 1, 200 do
      i:at(min(10), fault("control-throttled-" .. k, "crash", {}, { lasts = min(40) + sec(0.5) * k }))
    end
  end,
}
