-- Everything is green: connections leak on one code path, and every number people look at
-- counts only what has finished.
--
-- Baskets are what keeps the dashboard green: they need no database, so they finish, and
-- the instance's errors and percentiles are theirs alone once orders hang.

local CHECKOUTS, POOL = 6, 20
local LEAK, PAGE = min(12), min(48)
local HICCUP, AGAIN = PAGE + min(11), min(22) -- the database pauses, and again
local FULL = CHECKOUTS * POOL

local function orders_a_minute(s) return 60 * s:rate("orders_placed", min(2)) end
local function held(s) return s:database("orders-db").idle_in_transaction end
local function limited(s) return s:param("orders-db.idle_in_transaction_timeout") > 0 end
local function leaks(s) return s:flag("pay-retry") and not limited(s) end

-- They restarted, and later the pools were full again.
local function relapsed(s)
  local later = s:changed() and s:since_first_change() - min(6) or 0
  return later > min(4) and s:of("checkout").restarts_total > 0 and s:param("checkout.pool.size") == POOL
    and s:highest("checkout.pool", "pool_in_use", later) > 0.8 * FULL
end

-- The sums: cards declined a minute between the flag and the first full pool.
local function total_at(s, t) return s:ago("cards_declined", "total", s:now() - t) end
local function declined_a_minute(s) return (total_at(s, min(26)) - total_at(s, min(14))) / 12 end

-- What texts claim.
local function untouched(s) return not s:changed() end
local function stopped(s) return orders_a_minute(s) == 0 end
local function full(s) return held(s) > 0.8 * FULL end
local function well(s) return s:good(min(2)) >= 0.98 end
local function refills(s) return leaks(s) and held(s) > 5 and s:of("checkout").restarts_total > 0 end
local function no_error(s) return s:increase("checkout", "errors_total", min(10)) == 0 end

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

  day_start = "19:24",
  starts_at = PAGE,
  ends_at = PAGE + min(90),
  good_for = min(25),

  place = [[
    You are on call for a shop that sells bicycle parts. On a Thursday evening about 42
    people a minute press "pay"; some cards are declined, about 36 orders are placed. Six
    instances of checkout share one database, orders-db. The card gateway belongs to
    somebody else. Mara runs support; Ines wrote the payment code.
  ]],
  page = [[
    No pager. Mara writes: "Three customers say the pay button spins for ever. Is
    something wrong?" Every dashboard is green.
  ]],
  tools = { "status", "chart", "ps", "db", "stacks", "traces", "changes", "suspect",
            "restart", "flag", "set", "say", "wait", "hint" },

  world = function(w)
    w:database { "orders-db", max_connections = 150, cores = 8,
      statements = { reserve = { cpu = ms(6) }, pay = { cpu = ms(4) }, track = { cpu = ms(80) } } }
    w:external { "card-gateway", latency = lognormal(ms(180), ms(60)) }
    w:external { "parcel-service", latency = lognormal(ms(250), ms(80)) }
    w:flag { "pay-retry" }
    w:counter { "orders_placed" }
    w:counter { "cards_declined" }
    w:service { "checkout", instances = CHECKOUTS, workers = 600, start_up = sec(34), drain = sec(6),
      probe_every = sec(1), probe_failures = 2,
      pool = { to = "orders-db", size = POOL, acquire_timeout = 0 },
      endpoints = {
        buy = {
          compute(ms(3)),
          query("orders-db", "reserve"),
          call("card-gateway", "charge"),
          sometimes(0.15, {
            -- the new code notes the declined card for a retry, and returns without closing
            count("cards_declined"),
            when_flag("pay-retry",
              { leak("orders-db"), log("info", "card declined, noted for a retry") },
              { log("info", "card declined") }),
            reply("declined"),
          }),
          query("orders-db", "pay"),
          count("orders_placed"),
        },
        basket = { compute(exponential(ms(9))) },
      } }
    w:service { "order-status", instances = 2, workers = 32,
      pool = { to = "orders-db", size = 5, acquire_timeout = sec(3), idle_timeout = sec(5) },
      endpoints = { track = { compute(ms(2)), transaction("orders-db", {
        query("orders-db", "track"), call("parcel-service", "where") }) } } }
    w:balancer { "edge", to = "checkout" }
    w:client { "shoppers", to = "edge/buy", rate = per_minute(vary("rate", 41.1, 43.9)), gives_up = sec(8), reloads = 0.4 }
    w:client { "browsers", to = "edge/basket", rate = per_second(2), gives_up = sec(8) }
    w:client { "trackers", to = "order-status/track", rate = per_minute(60), gives_up = sec(8) }
  end,

  promises = { users = { "an order, or a plain no, within 2 s", good = 0.98, within = sec(2),
    window = min(30), clients = { "shoppers", "trackers" }, hidden = true } },
  shows = { "orders_placed", "cards_declined" },

  alerts = {
    threshold { "checkout/buy errors", of = "checkout/buy", metric = "errors_total", above = 0.5,
                hold = min(1), page = true },
    threshold { "orders-db is busy", of = "orders-db", metric = "cpu", above = 0.9, hold = min(2) },
  },

  incident = function(i)
    local v = pick { 64, 88, 93, 117 }
    i:cause(vary(LEAK - sec(30), LEAK + sec(30)), flag("pay-retry", true, { by = pick("who", { "Ines", "Tomas" }) }))
    i:red_herring(vary(min(5), min(8)), decoy(pick { "orders-db", "card-gateway", "edge" },
      pick { "certificate renewed", "access log kept for 30 days", "contact person changed" },
      { by = pick { "Ana", "Tomas", "Wei" } }))
    -- just as the first instance hangs
    i:red_herring(vary(min(24), min(27)), deploy("order-status", "v" .. v,
      { by = "deploy bot", was = "v" .. v - 1 }))
    i:at(PAGE, ticket("Mara (support)", "Three customers say the pay button spins for ever. Is something wrong?"))
    for k = 0, 3 do i:at(HICCUP + k * AGAIN, fault("orders-db", "stall", {}, { lasts = sec(5) })) end
  end,

  expect = {
    at = PAGE,
    moves = {
      ["orders stop"] = function(s) return s:rate("orders_placed", min(1)) == 0 end,
      ["requests wait for a connection"] = function(s) return s:pool("checkout.pool").pool_waiting > 50 end,
      ["sessions sit idle in a transaction"] = function(s) return s:database("orders-db").idle_in_transaction > 100 end,
    },
    normal = {
      ["probes green"] = function(s) return s:service("checkout").healthy == CHECKOUTS end,
      ["no errors"] = function(s) return s:increase("checkout", "errors_total", PAGE) == 0 end,
      ["a good p99"] = function(s) return s:p99("checkout/basket", min(1)) < ms(200) end,
      ["no alert"] = function(s) return not s:alerting() end,
      ["checkout has nothing to do"] = function(s) return s:service("checkout").cpu < 0.2 end,
      ["the database is idle"] = function(s) return s:database("orders-db").cpu < 0.2 end,
      ["order-status is well"] = function(s) return s:good_of("trackers", min(1)) > 0.99 end,
    },
  },

  suspects = {
    { "checkout", "pool-leak", right = true, also = { "checkout.pool", "orders-db" } },
    { "checkout.pool", "pool-too-small", also = { "checkout" },
      reply = "How long does a request keep its connection? That would tell a small pool from something else." },
    { "orders-db", "overload", reply = "What are the database's processors doing?" },
    { "orders-db", "lock-contention", reply = "If somebody holds a lock, others wait for it. Who waits, and for what?" },
    { "card-gateway", "slow-dependency", reply = "If the gateway were slow, requests would be there now. How many are?" },
    { "order-status", "bad-deploy", reply = "What do order-status and orders have in common? And what does each look like?" },
  },
  facts = {
    { "over a hundred sessions sit idle in a transaction", seen = { "orders-db:sessions", "orders-db:metrics" },
      when = function(s) return s:database("orders-db").idle_in_transaction > 100 end,
      fits = { "pool-leak", "pool-too-small", "slow-dependency" },
      tells = "Over a hundred sessions sit idle in a transaction: nobody is working in the database." },
    { "the oldest have sat there for many minutes", seen = "orders-db:sessions",
      when = function(s) return s:database("orders-db").oldest_idle_in_transaction > min(10) end,
      fits = { "pool-leak", "lock-contention", "slow-dependency" },
      tells = "Some sessions have sat in their transaction for many minutes; no order takes so long." },
    { "sessions wait for a lock", seen = { "orders-db:sessions", "orders-db:locks" },
      when = function(s) return s:database("orders-db").lock_waiting > 0 end,
      fits = { "lock-contention" },
      tells = "No session waits for a lock." },
    { "the database is busy", seen = { "status", "orders-db:metrics", "orders-db:metric.cpu" },
      when = function(s) return s:database("orders-db").cpu > 0.7 end,
      fits = { "overload" },
      tells = "The database's processors have next to nothing to do." },
    { "requests are at the card gateway", seen = { "card-gateway:metrics", "checkout:stacks" },
      when = function(s) return s:external("card-gateway").in_flight > 20 end,
      fits = { "slow-dependency" },
      tells = "Nothing is under way at the card gateway: the orders that hang are not there." },
  },

  people = {
    mara = { "Mara", role = "support", desk = true },
    ines = { "Ines", role = "wrote the payment code", knows = {
      { "pay-retry", "When a card is declined, the new code writes it down, so that we can try again later. It is on since this evening.",
        when = function(s) return s:flag("pay-retry") end },
      { "pay-retry", "It is off now, so a declined card is only declined. The code is still there.",
        when = function(s) return not s:flag("pay-retry") end },
      { "checkout", "An order reserves the parts, charges the card, and marks the order as paid. The first and the last are in orders-db." },
      { "card-gateway", "They charge or decline, in about 200 ms. They have said nothing about trouble tonight." },
      { "declined", "About 15 of 100 cards are declined, as always. New is that we note them, to try again later.",
        when = function(s) return s:flag("pay-retry") end },
      { "declined", "About 15 of 100 cards are declined, as always." },
    } },
  },
  reactions = {
    { on = "customer", by = "mara", "A customer asks if we took the money. I do not know what to answer." },
    { on = "silence", by = "mara", "My list gets longer. I would like to write something under each line. What do you know?" },
    { by = "mara", when = function(s) return s:now() >= PAGE + min(4) and s:rate("orders_placed", min(2)) == 0 end,
      "I have more of them now, all with the pay button. One says that it worked an hour ago." },
  },

  steps = {
    find { "who", title = "Who is hurt?", answer = "hurt",
      say = [[Three people complain, and nothing is red. Change nothing yet: you could not tell a cure from luck.
        What does this shop live from, and what does that number do? Which of its users are hurt? Type their name.]],
      near = "Some of that is right. Who is well, and from what do you know it?",
      wrong = "From what do you know it? The map shows who calls what; one number shows what the shop lives from.",
      solution = { "status", "chart orders_placed --since 45m" },
      done = { { when = stopped, "Shoppers. No order is placed any more, and not one error was counted.",
          claims = { stopped, no_error } },
        "Shoppers. You have changed something already; before that, orders had stopped without one error." },
      hints = { "Green means: what was asked was answered well. Who asks about orders?",
        "The chart of orders placed; and the map: who sends orders?",
        "chart orders_placed --since 45m, then map" } },

    find { "since", title = "Since when?", answer = "since",
      say = [[Mara wrote at 20:12. Since when are shoppers hurt? The first ones count, not the last.]],
      near = "Near, but the first ones were hurt at another time. Where does the number leave its usual height?",
      wrong = "From what do you read it? Look at the orders over the last 45 minutes.",
      solution = { "chart orders_placed --since 45m" },
      done = "That was long before Mara wrote, and nobody was called.",
      hints = { "Orders did not stop all at once.", "When does the chart of orders begin to fall?",
        "chart orders_placed --since 45m" } },

    ask { "missing", title = "What do the green numbers leave out?",
      say = { { when = untouched, [[Of checkout 6 of 6 instances are healthy, no request fails, and its p99 is quick. And
          nobody can buy. What do these numbers leave out?]],
          claims = { stopped, no_error, function(s) return s:service("checkout").healthy == CHECKOUTS end,
            function(s) return s:p99("checkout/basket", min(1)) < ms(200) end } },
        [[When Mara wrote, 6 of 6 instances of checkout were healthy, no request failed, and its p99 was quick. And
          nobody could buy. What did these numbers leave out?]] },
      choices = {
        { "Nothing: most users are fine.", reply = "Baskets are fine. But what of those who want to pay?" },
        { "Requests that have not finished.", right = true,
          reply = [[Yes. Errors and p99 count what has finished: the baskets. An order that hangs is in neither. And
            the probe only asks if the process is alive.]] },
        { "The database's side of it.", reply = "Useful later. But there is a simpler gap in these numbers." },
      },
      hints = { "When is a request counted as slow, or as failed?", "Only when it ends. What if it never ends?",
        "The second answer." } },

    find { "where", title = "Where do they hang?", answer = "suspect",
      say = [[Where are the orders that have not finished, and what do they wait for? Look into checkout, and at the
        other end of what it waits for. Then write down what you suspect: where, and what it is.]],
      solution = { "status", "ps checkout", "db sessions", "stacks checkout", "traces --open",
        "suspect checkout pool-leak because ps, db sessions" },
      done = { { when = full, [[{held} connections are held in an open transaction, and the database has nothing to do:
          what is taken does not come back.]],
          claims = { full, function(s) return s:database("orders-db").cpu < 0.3 end } },
        [[Connections were taken and did not come back. Now {held} are held in an open transaction.]] },
      hints = { "Everybody waits for something. Who has it?",
        "A pool has two ends: the instance that borrows, and the database's session.",
        "ps checkout, then db sessions, then stacks checkout",
        "suspect checkout pool-leak because ps, db sessions" } },

    predict { "forecast", title = "Before you act",
      change = "restart checkout --rolling or restart checkout",
      say = [[A restart gives all connections back. Suppose you restart the six instances, and do nothing more. Orders
        are at {orders} a minute now. Compared with that, type up, same or down for each line, with a comma.]],
      of = {
        { "orders a minute, 5 minutes after the restart", value = orders_a_minute, after = min(5) },
        { "orders a minute, 30 minutes after it, if nothing more is done",
          value = orders_a_minute, after = min(30) },
      },
      hints = { "What emptied the pools the first time, and has that gone?",
        "How old are the oldest sessions? The pools filled slowly, one by one." } },

    act { "stop", title = "Stop the bleeding",
      say = [[Users first: make it possible to buy again, even if you do not know yet why it broke. You are done after
        three good minutes.]],
      goal = function(s) return s:good_for(min(3)) end,
      solution = { "restart checkout --rolling", "wait 8m" },
      done = { "People can buy again: {orders} orders a minute.",
        claims = function(s) return orders_a_minute(s) > 15 end },
      hints = { "What gives connections back?",
        "A restart closes an instance's sessions. One instance at a time hurts least.",
        "restart checkout --rolling, then wait 8m" } },

    say_update { "tell", title = "Tell people",
      say = [[Mara has to answer customers: a few short fields. Is the cause gone, or only what it did? Promise your
        next word for a time that you will keep; you can write sooner.]],
      needs = { "who", "since", "impact", "state", "next" },
      solution = { "say --who shoppers --since 19:50 --impact not known yet --state mitigated --next 21:00" },
      done = "Mara copies it into her answers.",
      hints = { "\"not known yet\" is an honest number.",
        "Mitigated: users are well, the cause may still be there.",
        "say --who shoppers --since 19:50 --impact not known yet --state mitigated --next 21:00" } },

    find { "again", title = "Is it over?", of = "number", within = 0.25, answer = held, watch = true,
      moot_when = function(s) return not leaks(s) end,
      moot = "Nothing is held for ever any more: you were quicker than the question.",
      say = { { when = well, [[Mara asks if it is over. Users are well; so they were this evening, before it began. Look
          once more at the other end of the connections: how many sessions sit idle in a transaction now?]],
          claims = well },
        [[Mara asks if it is over. Look once more at the other end of the connections: how many sessions sit idle in a
          transaction now?]] },
      near = "Near. They change while you look: type what stands there now.",
      wrong = "The database says how many of its sessions are idle in transaction, at this moment.",
      solution = { "db sessions" },
      done = { { when = refills, [[{held}, and your restart had brought it to none. It fills again.]],
          claims = refills },
        "{held} now." },
      hints = { "Users tell how it is; they do not tell how it will be.",
        "The same place as before: the database's sessions.", "db sessions" } },

    find { "began", title = "What began it?", answer = "trigger",
      say = [[Who takes a connection and never gives it back, and since when? Look at requests that left a transaction
        open: how did they end? Then: which change began it? Type its number in the list of changes.]],
      wrong = "Does it touch what those requests have in common? And was it before the first connection was held?",
      solution = { "traces --open", "changes" },
      done = "You wrote down what it was before you mend it. That counts.",
      hints = { "All orders take connections. Some keep them. Which?",
        "Those that left a transaction open ended alike. What is new there? Somebody who wrote the code can be asked.",
        "traces --open, then ask ines declined, then changes",
        "trigger pay-retry" } },

    act { "cure", title = "Cure it",
      say = [[Now it must stay well: 25 good minutes after your last change, longer than the pools need to fill. End
        what takes connections; and what is held already must come back.]],
      goal = function(s) return s:good_for(min(25)) and s:since_change() >= min(25) end,
      solution = { "flag pay-retry off", "restart checkout --rolling", "wait 36m" },
      hints = { "Two things: no new ones, and the old ones back.",
        "What began it can be taken back. Or the database can end what sits idle in a transaction for long.",
        "flag pay-retry off, then restart checkout --rolling, then wait 30m" } },

    say_update { "close", title = "Say how it stands",
      say = "It has stayed well for 25 minutes. Mara has your last word from before that. How does it stand now?",
      needs = { "who", "since", "impact", "state" },
      solution = { "say --who shoppers --since 19:50 --impact not known yet --state recovered --next 22:00" },
      hints = { "Is the cause gone? Is something of it left?",
        "Cured: the cause is gone. Recovered: and nothing is left of it.",
        "say --who shoppers --since 19:50 --impact not known yet --state recovered --next 22:00" } },

    prevent { "prevent", title = "What would have told you?",
      say = [[Which of these would have told you before a customer did?]],
      hints = { "Which of these sees something that never ends?", "The first or the second." } },
  },

  values = {
    orders = { "count", orders_a_minute },
    held = { "count", held },
    declined = { "number", declined_a_minute },
    away = { "count", declined_a_minute },
    each = { "number", function(s) return declined_a_minute(s) / CHECKOUTS end },
    lasts = { "count", function(s) return POOL * CHECKOUTS / declined_a_minute(s) end },
    more = { "number", function(s) return 30 / declined_a_minute(s) end },
  },

  traps = {
    { "kill", when = function(s)
        return s:flag("pay-retry") and not limited(s) and s:since_change() > sec(20)
          and s:increase("orders-db", "killed_total", min(2)) > 60
      end,
      say = [[That gave the connections back; but first to the hundreds of orders that waited for them, most for
        people who have left. Some of those leak, too. A restart throws the old orders away.]] },
    { "relapse", when = function(s)
        return s:flag("pay-retry") and not limited(s) and s:since_change() > min(10)
          and s:pool("checkout.pool").pool_in_use > 0.8 * FULL and s:param("checkout.pool.size") == POOL
      end,
      say = [[It comes back: most connections are taken again. That helped users for a while, and it told you
        something: what fills the pools is still there. Mitigated is not cured.]] },
    { "bigger-pool", when = function(s) return s:param("checkout.pool.size") > 25 end,
      say = [[A fair thought: more room. But the database has 150 connections for everybody, and a leak takes any
        number. Watch order-status.]] },
    { "liveness", when = function(s) return s:param("checkout.liveness") == "database" end,
      say = [[It does restart what hangs. But now the database decides who lives: if it is slow for some seconds,
        every checkout dies at once.]] },
  },

  fixes = {
    { "Flag off, then a rolling restart", { "flag pay-retry off", "restart checkout --rolling", "wait 6m" },
      says = "Nothing leaks any more, and the restart gives back what had leaked." },
    { "A limit on idle transactions", { "set orders-db.idle_in_transaction_timeout 60s", "wait 5m" },
      says = [[The database ends a session that sits in an open transaction for a minute. The orders that waited leak
        once more, so it takes some minutes; then there is never more than about a minute's worth.]] },
    { "Flag off, then end the idle sessions", { "flag pay-retry off", "kill orders-db --idle-in-transaction" },
      says = [[The same without a restart. But the hundreds of orders that waited go on now, for people who have
        left: somebody must look at those charges.]] },
  },
  wrong = {
    { "Restart and leave it", { "restart checkout --rolling" }, harm = "returns",
      used = relapsed,
      says = [[The restart emptied the pools. 15 % of orders are declined, each keeps a connection, and in about 19
        minutes an instance has none left.]] },
    { "Bigger pools", { "set checkout.pool.size 100" }, harm = "worse", client = "trackers",
      says = [[Six pools of 100 want 600 connections; the database has 150. The leak took those in minutes, and
        order-status, which was well, got none.]] },
    { "A limit on waiting, alone", { "set checkout.pool.acquire_timeout 3s" }, harm = "nothing",
      says = [[Now a wait becomes an error after 3 s. That is honest, and an alert sees it. But nobody can buy: no
        connection comes back.]] },
    { "A database query in the liveness check", { "set checkout.liveness database" }, harm = "fragile",
      breaks_by = "the database's hiccup", breaks_at = HICCUP,
      says = [[It restarts what hangs, so it looked cured. Then the database stood still for five seconds, as it does now and then, and all six
        instances were restarted together.]] },
  },

  prevention = {
    { "An alert on orders a minute, compared with the same hour last week.", right = true, effort = "an hour",
      alert = threshold { "few orders", of = "orders_placed", metric = "total", below = 0.3, hold = min(2) },
      reply = "Yes. It asks what users ask. A limit on waiting for a connection would have told you, too." },
    { "A limit on how long a request waits for a connection.", right = true, effort = "one line",
      with = { set("checkout.pool.acquire_timeout", sec(3)) },
      reply = "Yes: then a wait becomes an error, and errors are counted. So would an alert on orders a minute." },
    { "A database query in the liveness check.", effort = "one line",
      with = { set("checkout.liveness", "database") },
      reply = "It would restart all six at the next short pause of the database, and make it a long one." },
    { "A lower alert threshold on the error rate.", effort = "one line",
      alert = threshold { "any error", of = "checkout/buy", metric = "errors_total", above = 0.05, hold = min(1) },
      reply = "The error rate was zero." },
  },

  debrief = [[
    The flag pay-retry turned on new code for declined cards. It opened a transaction and returned without closing it. Each
    declined order kept one connection for ever, until an instance had none left.

    From then on orders waited for a connection, without a limit. A request that waits has not failed and has no
    latency: it is in no error rate and in no percentile. Baskets need no database, so they finished, and made the
    numbers look good. The probe asked "is the process alive?", and it was.

    What would have helped: an alert on orders; a limit on waiting, so that a wait becomes an error; a limit on idle
    transactions. And a readiness check that asks "can this instance serve?", but never a liveness check that does:
    liveness restarts.
  ]],
  sums = {
    "From 19:38 to 19:50 {declined} cards a minute were declined: {each} for each of six instances.",
    "A pool of 20 lasts 20 / {each} = {lasts} minutes on average; some instances are luckier than others.",
    "6 x 20 = 120 connections of the database's 150 were held, and it had nothing to do.",
    "Pools of 100: 30 more connections for all, at {declined} a minute: {more} minutes.",
    "A limit of 60 s: at {declined} a minute, about {away} connections are away at any time.",
  },
  real = {
    { "Duo, 29 August 2018: requests queued for database connections, and a restart had only seemed to be the cure",
      "https://status.duo.com/incidents/4w07bmvnt359" },
  },
  glossary = {
    ["liveness"] = "Should this process be restarted? It asks only about the process itself.",
    ["readiness"] = "Should this instance get traffic now? It may ask about what it needs.",
    ["idle in transaction"] = "A database session that began a transaction and does nothing.",
  },
}
