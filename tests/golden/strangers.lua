-- One of every kind, busy, and connected to nothing else: test_unconnected.c puts it into
-- the worlds of all lessons and labs, where it must change nobody's numbers; and what happens
-- to them, first of all that happens.
local function strangers(w)
  w:flag { "far-flag", on = true }
  w:counter { "far-counter" }
  w:link { "far-link", latency = exponential(ms(2)) }
  w:external { "far-bank", latency = lognormal(ms(80), ms(40)), decline = 0.05 }
  w:database { "far-db", cores = 2, max_connections = 60,
    tables = { rows = { rows = 10000 } },
    statements = { read = { cpu = exponential(ms(3)) } },
    replicas = { copy = {} },
    backups = { nightly = { every = min(2) } } }
  w:cache { "far-cache", keyspaces = { pages = { keys = 20, ttl = sec(5), popularity = 1 } } }
  w:broker { "far-broker",
    topics = { news = { subscriptions = { reader = { to = "far-app/take" } } } } }
  w:service { "far-app", instances = 3, workers = 20, start_up = sec(5),
    pool = { to = "far-db", size = 5 },
    calls = { ["far-bank"] = { timeout = ms(150), retries = 2, backoff = "exponential",
                               jitter = "full" } },
    endpoints = {
      get = {
        compute(exponential(ms(4))),
        cached("far-cache", "pages", { query("far-db", "read") }),
        sometimes(0.3, { catch(call("far-bank", "pay")) }),
        when_flag("far-flag", { publish("far-broker.news") }),
        each(0.2, { count("far-counter") }),
      },
      take = { each(0.5, { compute(exponential(ms(1))) }) },
    } }
  w:balancer { "far-edge", to = "far-app", policy = "two_choices" }
  w:autoscaler { "far-scaler", service = "far-app", min = 2, max = 6 }
  w:limiter { "far-gate", to = "far-edge", rate = 50, burst = 20, over = "wait" }
  w:job { "far-job", every = sec(20), to = "far-app/take" }
  w:dns { "far-name", to = "far-app" }
  w:certificate { "far-certificate", on = "far-app" }
  w:clock { "far-clock", on = "far-app" }
  w:client { "far-users", to = "far-gate/get", rate = 60, gives_up = exponential(sec(1)),
             reloads = 0.3 }
end

local function strange_days(i)
  i:at(sec(1), fault("far-bank", "down", {},
    { lasts = exponential(sec(1)), again = exponential(sec(20)) }))
end

