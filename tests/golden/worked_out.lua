-- Whatever is worked out from a number instead of drawn, each in a corner of its own that
-- is busy: properties of visits, messages, runs and health checks, amounts, places on a
-- ring, shards, who is cut off, resolvers, traces, limits that change, faults at random
-- times. test_unconnected.c holds all of it against the same beside strangers.
return lab { "what is worked out from a number", ends_at = min(4), warm_up = sec(1),
  world = function(w)
    w:counter { "orders", per_visit = true, remembers = hours(1), amount = 50, amount_sd = 30 }
    w:counter { "rare" }
    w:database { "db", cores = 4, statements = { read = { cpu = ms(2) } } }
    w:link { "wire", latency = ms(1) }
    w:link { "wire-db", latency = ms(1) }
    w:cache { "store", shards = 4, cores = 1,
      keyspaces = { items = { keys = 500, ttl = sec(5), popularity = 1 } } }
    w:broker { "mq", topics = { tasks = { subscriptions = {
      work = { to = "worker/run", style = "queue", consumers = 8, trace_every = 3 } } } } }
    w:service { "worker", workers = 64, endpoints = {
      run = { each(0.1, { sleep(ms(40)) }), count("orders") } } }
    w:service { "shop", instances = 4, workers = 100,
      liveness = "endpoint", probe_endpoint = "check", probe_every = sec(2),
      pool = { to = "db", size = 8 },
      calls = { back = { balance = "hash", via = "wire", keep_alive = 50 }, db = { via = "wire-db" } },
      endpoints = {
        check = { each(0.3, { sleep(ms(20)) }) },
        buy = {
          each(0.2, { call("back", "get"), count("rare") }, {}, "odd"),
          cached("store", "items", { query("db", "read") }),
          publish("mq.tasks"),
          count("orders") } } }
    w:service { "back", instances = 5, workers = 50, cores = 1, endpoints = { get = { compute(ms(3)) } } }
    w:dns { "name", to = "back", ttl = sec(5) }
    w:limiter { "gate", to = "shop", rate = 3, burst = 2, per = "user", over = "wait" }
    w:client { "people", to = "gate/buy", rate = 40, population = 30, reloads = 0.5, gives_up = sec(3), trace_every = 4 }
    w:client { "others", to = "shop/buy", rate = 20, reloads = 0.5, gives_up = ms(30), trace_every = 4 }
    w:client { "direct", to = "back/get", rate = 20, calls = { back = { via = "wire", resolve = "name" } } }
    w:job { "sweep", every = sec(3), to = "shop/buy" }
  end,
  incident = function(i)
    i:at(sec(20), fault("wire", "partial", { share = 0.4 }, { lasts = sec(60) }))
    i:at(sec(70), fault("wire", "forget", { share = 0.5 }))
    i:at(sec(90), fault("wire-db", "forget", { share = 0.5 }))
    i:at(sec(100), fault("wire", "refuse", { share = 0.3 }, { lasts = sec(30) }))
    i:at(sec(110), set("gate.rate", 2))
    i:at(sec(5), fault("back", "slow", { factor = 4 },
      { lasts = exponential(sec(3)), again = exponential(sec(10)) }))
  end }
