-- Everything is green: connections leak on one code path, and every number people look at
-- counts only what has finished.

local CHECKOUTS, POOL = 6, 20
local HICCUP = min(45)

return lesson {
  id = "all-green",
  title = "Everything is green",
  track = "fail",
  minutes = 20,
  level = 2,
  summary = "Nobody can buy, and every dashboard is green. What do health checks really ask?",
  post = {
    title = "Your Production Health Checks Are Lying to You",
    url = "https://www.thetruecode.com/production-health-checks-lying/",
    basis = "opening",
  },
  teaches = {
    "a health check answers one small question",
    "latency and error rate count only what has finished",
    "a leak comes back after a restart, and you can say when",
  },

  day_start = "19:42",
  starts_at = min(30),
  ends_at = min(120),
  good_for = min(25),

  place = [[
    You are on call for a shop that sells bicycle parts. It is Thursday evening: about
    42 orders a minute. Six checkout instances share one database, orders-db. The card
    gateway belongs to somebody else. Mara runs support, Ines wrote the payment code.
  ]],
  page = [[
    No pager rang. At 20:12 Mara writes: "Three customers say the pay button spins for
    ever. Is something wrong?" All dashboards are green.
  ]],
  tools = { "status", "ps", "chart", "db", "traces", "changes", "restart", "flag", "say", "wait" },

  world = function(w)
    w:database { "orders-db", max_connections = 150, cores = 8,
      statements = { reserve = { cpu = ms(6) }, pay = { cpu = ms(4) }, track = { cpu = ms(2) } } }
    w:external { "card-gateway", latency = lognormal(ms(180), ms(60)) }
    w:external { "parcel-service", latency = lognormal(ms(250), ms(80)) }
    w:flag { "pay-retry" }
    w:service { "checkout", instances = CHECKOUTS, workers = 64, start_up = sec(30), drain = sec(8),
      probe_every = sec(1), probe_failures = 2,
      pool = { to = "orders-db", size = POOL, acquire_timeout = 0 },
      endpoints = { buy = {
        compute(ms(3)),
        query("orders-db", "reserve"),
        call("card-gateway", "charge"),
        sometimes(0.15, {
          -- the new code notes the declined card for a retry, and returns without closing
          when_flag("pay-retry", { leak("orders-db") }),
          reply("declined"),
        }),
        query("orders-db", "pay"),
        count("orders_placed"),
      } } }
    w:service { "order-status", instances = 2, workers = 32,
      pool = { to = "orders-db", size = 5, acquire_timeout = sec(3), idle_timeout = sec(5) },
      endpoints = { track = { compute(ms(2)), transaction("orders-db", {
        query("orders-db", "track"), call("parcel-service", "where") }) } } }
    w:balancer { "edge", to = "checkout" }
    w:client { "shoppers", to = "edge/buy", rate = per_minute(42), gives_up = sec(8), reloads = 0.4 }
    w:client { "trackers", to = "order-status/track", rate = per_minute(120), gives_up = sec(8) }
  end,

  slo = { name = "an order, or a plain no, within 2 s", good = 0.98, within = sec(2), window = min(30), hidden = true },

  alerts = {
    threshold { "checkout/buy errors", of = "checkout/buy", metric = "errors_total", above = 0.5, hold = min(1), page = true },
  },

  incident = function(i)
    i:at(sec(1), flag("pay-retry", true, { by = "Ines" }))
    i:red_herring(min(14), decoy("order-status", "deploy order-status v88 (was v87)", { by = "deploy bot" }))
    i:at(min(30), ticket("Mara (support)", "Three customers say the pay button spins for ever. Is something wrong?"))
    i:at(min(34), ticket("Mara (support)", "Eleven now. One of them says it worked an hour ago."))
    i:at(HICCUP, fault("orders-db", "stall", {}, { lasts = sec(10) }))
  end,

  expect = {
    at = min(30),
    moves = {
      ["orders stop"] = function(s) return s:rate("orders_placed", min(1)) == 0 end,
      ["requests wait for a connection"] = function(s) return s:pool("checkout.pool").pool_waiting > 50 end,
      ["sessions sit idle in a transaction"] = function(s) return s:database("orders-db").idle_in_transaction > 100 end,
    },
    normal = {
      ["probes green"] = function(s) return s:service("checkout").healthy == CHECKOUTS end,
      ["checkout has nothing to do"] = function(s) return s:service("checkout").cpu < 0.2 end,
      ["the database is idle"] = function(s) return s:database("orders-db").cpu < 0.2 end,
      ["order-status is well"] = function(s) return s:good_of("trackers", min(1)) > 0.99 end,
    },
  },

  causes = { { "checkout", "pool-leak" }, { "checkout.pool", "pool-leak" }, { "orders-db", "pool-leak" } },

  steps = {
    ask { "first", title = "What do you do first?",
      say = [[Support has three complaints, and your dashboards show nothing. What do you do first?]],
      choices = {
        { "Close it: health is 6 of 6 and no alert fired.",
          reply = "Three people who took the trouble to write are rarely the only three." },
        { "Restart checkout; it usually helps.",
          reply = "Perhaps. But a restart wipes the evidence, and you do not know yet what is broken." },
        { "Find out who is affected, how, and since when.", right = true,
          reply = "Yes. Nothing you change before that can be told apart from luck." },
      },
      hints = { "What would you have to know before any change?", "The third answer." } },

    look { "since", title = "Who is affected, and since when?",
      say = [[Look at the business, not at the machines: a chart of orders tells you when it began.
        Try: status, then chart orders_placed]],
      goal = function(s) return s:seen("orders_placed") end,
      solution = { "chart orders_placed" },
      done = "Orders fell in steps and stopped. Errors never started.",
      hints = { "Green means that what was asked was answered. Nobody asked about orders.",
        "Which number would the shop's owner look at?",
        "The counter orders_placed counts orders.",
        "chart orders_placed" } },

    ask { "missing", title = "What do the green numbers leave out?",
      say = [[status says errors 0 % and a p99 that looks fine. What is missing from both?]],
      choices = {
        { "Nothing: most users are fine.", reply = "Orders are at zero. Nobody is fine." },
        { "The requests that have not finished.", right = true,
          reply = "Right. Both count finished requests. Those that hang are in neither." },
        { "The database's view of it.", reply = "Useful later. But there is a simpler gap in these two numbers." },
      },
      hints = { "When is a request counted as slow or failed?", "Only when it ends.", "What if it never ends?" } },

    look { "where", title = "Where do they hang?",
      say = [[Find where the requests are now, and what they wait for. When you know, say so:
        suspect COMPONENT MECHANISM because EVIDENCE]],
      goal = function(s) return s:seen("checkout", "pool") or s:seen("orders-db", "sessions") or s:seen("checkout", "stacks") end,
      suspect = true,
      solution = { "ps checkout", "db sessions", "suspect checkout pool-leak because ps, db sessions" },
      done = "All connections of all six pools are taken, and the database does nothing with them.",
      hints = { "Everybody waits for something. Who has it?",
        "ps checkout shows workers and pools; db sessions shows the other end.",
        "Sessions idle in a transaction: taken, and never given back.",
        "suspect checkout pool-leak because ps, db sessions" } },

    predict { "forecast", title = "Before you act",
      say = [[Suppose you restart the six instances and do nothing else. Orders a minute, compared with now?
        Answer with up, same or down, for example: up, up]],
      of = {
        { "orders a minute, five minutes after your first change",
          value = function(s) return 60 * s:rate("orders_placed", min(2)) end, after = min(5) },
        { "orders a minute, thirty minutes after it",
          value = function(s) return 60 * s:rate("orders_placed", min(2)) end, after = min(30) },
      },
      hints = { "A restart gives back all connections. And then?", "What took them is still there, and it takes 19 minutes." } },

    act { "stop", title = "Stop the bleeding",
      say = [[Make it possible to buy again: three good minutes.]],
      goal = function(s) return s:good_for(min(3)) end,
      solution = { "restart checkout --rolling", "wait 8m" },
      hints = { "What gives connections back?",
        "A restart closes the instance's sessions. One instance at a time hurts least.",
        "restart checkout --rolling, then wait 8m" } },

    say_update { "tell", title = "Tell people",
      say = [[Mara has to answer customers. Post an update: who is affected, since when, roughly how many,
        the state (mitigated is not cured), and when you will write again. Type say, and help say shows how.]],
      needs = { "who", "since", "impact", "state", "next" },
      solution = { "say --who \"everybody at checkout\" --since 19:56 --impact \"not known yet\" --state mitigated --next 20:45" },
      hints = { "Five short fields. \"not known yet\" is an honest number.",
        "say --who \"shoppers\" --since 19:56 --impact \"not known yet\" --state mitigated --next 20:45" } },

    act { "cure", title = "Cure it",
      say = [[It must stay well for longer than one leak takes to come back: 25 good minutes. What fills the
        pools? changes and traces know.]],
      goal = function(s) return s:good_for(min(25)) and s:since_change() >= min(25) end,
      solution = { "flag pay-retry off", "restart checkout --rolling", "wait 36m" },
      hints = { "Something takes a connection and never gives it back. Since when?",
        "Look at changes around 19:42, before the first instance hung.",
        "The flag pay-retry turns on the code that leaks.",
        "flag pay-retry off, restart checkout --rolling, wait 36m" } },

    choose { "prevent", title = "What would have told you?",
      say = [[Which of these would have caught it before a customer wrote?]],
      choices = {
        { "An alert on orders a minute, compared with the same hour last week.", right = true,
          reply = "Yes. It asks the question users ask." },
        { "A time limit on waiting for a connection, so that a wait becomes an error.", right = true,
          reply = "Yes. A wait without a limit never becomes a number anybody sees." },
        { "A database query in the liveness probe.",
          reply = "It would restart all six at the next database hiccup, and make a short one long." },
        { "A lower alert threshold on the error rate.", reply = "The error rate was zero." },
      },
      hints = { "Which of these sees something that never ends?", "The first or the second." } },
  },

  traps = {
    { "bigger-pool", when = function(s) return s:param("checkout.pool.size") > 25 end,
      say = "The pools may grow now, but the database has 150 connections for everybody. Watch order-status." },
    { "liveness", when = function(s) return s:param("checkout.liveness") == "database" end,
      say = "Now every checkout dies when the database is slow for a few seconds. All at once." },
  },

  fixes = {
    { "flag off, then a rolling restart", { "flag pay-retry off", "restart checkout --rolling", "wait 6m" },
      says = "Nothing leaks any more, and the restart gives back what had leaked." },
    { "a time limit on idle transactions", { "set orders-db.idle_in_transaction_timeout 60s" },
      says = "The database ends sessions that sit in an open transaction. The code still leaks, but never more than a minute's worth." },
  },
  wrong = {
    { "restart and leave it", { "restart checkout --rolling" }, harm = "returns",
      says = "The restart emptied the pools. 15 % of orders are declined, each leaks a connection, and in about 19 minutes an instance has none left." },
    { "bigger pools", { "set checkout.pool.size 100" }, harm = "worse", client = "trackers",
      says = "Six pools of 100 want 600 connections; the database gives 150. The leak took those too in minutes, and order-status, which was well, got none." },
    { "a database query in the liveness probe", { "set checkout.liveness database" }, harm = "fragile",
      breaks_by = "the database's hiccup", breaks_at = HICCUP,
      says = "It restarts what hangs, so it looked cured. Then the database was slow for ten seconds and all six instances were restarted together." },
  },

  debrief = [[
    A flag turned on new code for declined cards. It opened a transaction and returned without closing it. Each
    declined order kept one connection for ever, until an instance had none.

    Requests then waited for a connection, without a limit. A request that waits has not failed and has no latency: it
    is in no error rate and in no percentile. The probe asked "is the process alive?", and it was.

    What would have helped: a limit on waiting, an alert on orders, a limit on idle transactions, and a readiness
    check that asks whether this instance can serve (but never a liveness check that does).
  ]],
  sums = {
    "42 orders a minute over 6 instances: 7 a minute each; 15 % declined: about one leak a minute each.",
    "A pool of 20 lasts about 20 / 1.05 = 19 minutes; the first instance about 14, the last about 24.",
    "6 x 20 = 120 of the database's 150 connections, all idle in a transaction: CPU about 1 %.",
    "Pool 100: only 20 more connections are left for six instances: under five minutes.",
  },
  real = {},
  glossary = {
    ["liveness"] = "Should this process be restarted? It asks only about the process itself.",
    ["readiness"] = "Should this instance get traffic now? It may ask about what it needs.",
    ["idle in transaction"] = "A database session that began a transaction and does nothing.",
  },
}
