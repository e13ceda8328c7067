-- 11:47 on a Tuesday: the database is past its peak, and each instance added makes it slower.
--
-- The database has 32 cores. By statements running at once it does about: 25: 365/s, 32: 455/s,
-- 50: 424/s, 100: 350/s, 200: 246/s, 400: 136/s. An instance brings 25 connections. Two carry
-- 400/s. The scaler aims at 12 requests inside an instance, two at 400/s hold about 16 each:
-- so it adds a third; from there more work waits, and it adds the rest.

local RUSH, WAVE = 400, 430 -- requests a second at noon, and for two minutes after the message
local order = { compute(ms(2)), query("menu-db", "order"), count("orders_placed") }

return lesson {
  id = "eleven-forty-seven",
  title = "11:47 on a Tuesday",
  track = "scale",
  minutes = 20,
  level = 2,
  summary = "Lunch orders fail. The autoscaler adds instances, and with each one it gets worse.",
  post = {
    title = "The True Code of Production Systems: the post on scaling",
    url = "https://www.thetruecode.com/",
    basis = "title",
  },
  teaches = {
    "a database has a peak: with more work at once it gets less done",
    "low CPU can mean that a program waits",
    "instances times pool size is what the database feels",
  },

  day_start = "11:37",
  starts_at = min(10),
  ends_at = min(30),
  good_for = min(5),

  place = [[
    Tiffin brings lunch to offices. Before noon about 400 requests a second come in. They go to
    the api, and from there to one database, menu-db. Two api instances are enough on a normal
    day. An autoscaler, api-scaler, adds more, up to 8. Tomek runs the platform, Ines writes the
    api, Mara answers the customers.
  ]],
  page = [[
    Error budget of "an answer within 2 s" burns fast. The scaler went from 2 to 8
    instances in the last minutes. The api's CPU is low.
  ]],
  tools = { "status", "ps", "map", "chart", "db", "changes", "scale", "set", "suspect", "say", "wait" },

  world = function(w)
    w:counter { "orders_placed" }
    w:database { "menu-db", max_connections = 500, cores = 32, contention = 0.004, coherency = 0.0000075,
      statements = { order = { cpu = exponential(us(62200)) } } }
    w:service { "api", instances = 2, workers = 25, queue = 25, cores = 2, start_up = sec(15), drain = sec(5),
      pool = { to = "menu-db", size = 25 },
      versions = { { "v31", order = order }, { "v32", order = order } } }
    w:balancer { "edge", to = "api" }
    w:autoscaler { "api-scaler", service = "api", metric = "in_flight", target = 12, min = 2, max = 8,
      interval = sec(30), delay = sec(10), cooldown = min(1) }
    local rush = vary("rush", RUSH - 3, RUSH + 3)
    local rise = vary("rise", 150, 180)
    w:client { "diners", to = "edge/order", gives_up = sec(4), rate = points { base = per_second(rush),
      { 0, 0.65 }, { sec(rise), 0.65 }, { min(6), WAVE / RUSH }, { min(8), WAVE / RUSH }, { min(9), 1 } } }
  end,

  slo = { name = "an answer within 2 s", good = 0.99, within = sec(2), window = min(30) },
  alerts = {
    burn { "answers within 2 s, fast burn", factor = 10, long = min(5), short = min(1), page = true },
    threshold { "api CPU", of = "api", metric = "cpu", above = 0.8, hold = min(1) },
  },

  incident = function(i)
    i:red_herring(sec(vary("deploy", 20, 60)), deploy("api", "v32", { by = "Ines" }))
    i:red_herring(min(5), decoy("edge", pick("sent", {
      "push message sent: lunch menu of the day",
      "push message sent: free delivery until 13:00",
      "push message sent: new soups this week" }), { by = "marketing" }))
    i:at(min(10) + sec(5), ticket("Mara (customers)", "People say that lunch does not load. They try again and again."))
    i:at(min(12), ticket("Tomek (platform)", "The scaler is at its limit of 8 and wants more. Shall I give it 16?"))
  end,

  expect = {
    at = min(10),
    moves = {
      ["about half of the answers fail or are late"] = function(s)
        local good = s:good(min(1))
        return good > 0.3 and good < 0.65
      end,
      ["200 statements at once"] = function(s) return s:database("menu-db").active >= 195 end,
      ["the database gets less done"] = function(s) return s:rate("menu-db", "statements_total", min(1)) < 300 end,
    },
    normal = {
      ["the api has little to do"] = function(s) return s:service("api").cpu < 0.2 end,
      ["all eight are healthy"] = function(s) return s:service("api").healthy == 8 end,
      ["the database refuses nobody"] = function(s) return s:increase("menu-db", "refused_total", min(1)) == 0 end,
    },
  },

  causes = { { "menu-db", "past-the-peak" }, { "api", "past-the-peak" }, { "api-scaler", "past-the-peak" } },

  steps = {
    look { "scope", title = "How bad is it, and for whom?",
      say = [[You were paged at 11:47. Do not touch anything yet. How many users get an answer in time?]],
      goal = function(s) return s:seen("status") end,
      solution = { "status" },
      done = "About half of the answers fail or come late. All instances are healthy, and none of them works hard.",
      hints = { "Start with the users, not with the machines.", "One word shows the whole system.",
        "The dashboard: status.", "status" } },

    ask { "cpu", title = "The api's CPU is low",
      say = [[Eight instances, each of them with nearly idle CPU, and users wait. What does that tell you?]],
      choices = {
        { "The api is fine: CPU has room.",
          reply = "CPU has room, and half of the users get nothing. The number is true, and it is not about them." },
        { "The api waits for something else.", right = true,
          reply = "Yes. A request that waits takes a worker and no CPU. Find what it waits for." },
        { "There are too few instances.",
          reply = "A fourth of them would have CPU enough. More idle CPU does not help." },
      },
      hints = { "What does a program do when it does nothing and is not done?", "It waits. Look at the workers in ps api." } },

    look { "changes", title = "What changed?",
      say = [[A new version of the api, a push message, and the scaler: what came first, and what fits in
        time? Compare `changes` with `chart api.in_flight` or `logs`.]],
      goal = function(s) return s:seen("changes") end,
      solution = { "changes" },
      done = "v32 ran well for five minutes. The trouble began with the lunch rush, and grew while the scaler added instances.",
      hints = { "There is a list of what people and robots did.", "Not everything on it has to do with this.",
        "The list is called changes.", "changes" } },

    look { "where", title = "What does everybody wait for?",
      say = [[Look at the database: how many statements run at once, how many are done in a second, and how
        long one takes. Compare with 11:40. When you know, say so:
        suspect COMPONENT MECHANISM because EVIDENCE]],
      goal = function(s) return s:seen("menu-db") end,
      suspect = true,
      solution = { "db", "chart menu-db.statements_total", "chart menu-db.active",
        "suspect menu-db past-the-peak because db, chart" },
      done = "With 200 statements at once the database does about 250 a second. With 50 it did over 400.",
      hints = { "Each instance has 25 connections. Who feels all of them?",
        "db shows how many run; chart menu-db.statements_total how many are done.",
        "More run at once, and fewer are done: it is past its peak.",
        "suspect menu-db past-the-peak because db, chart" } },

    predict { "forecast", title = "Before you act",
      say = [[You will go back to two instances, and keep the scaler from adding any. That takes 150 of 200
        connections away. Compared with now, what happens to these? Answer up, same or down for each.]],
      of = {
        { "orders a second, two minutes after your change", after = min(2), answer = "up",
          value = function(s) return s:rate("orders_placed", min(1)) end },
        { "the api's CPU, two minutes after it", after = min(2), answer = "up",
          value = function(s) return s:mean("api", "cpu", min(1)) end },
      },
      hints = { "Fewer work at once, and the database gets more done.", "The same orders, on fewer instances: up, up." } },

    act { "stop", title = "Stop the bleeding",
      say = [[Take work away from the database, so that it gets more done. One good minute.]],
      goal = function(s) return s:good_for(min(1)) end,
      solution = { "set api-scaler.max 2", "scale api 2", "wait 3m" },
      done = "Users are well for a minute. Two instances do what eight could not.",
      hints = { "Tomek wants to add instances. What did the last six do?",
        "Instances times pool size: 8 x 25 = 200. The best is near 32 to 50.",
        "Fewer instances, and a scaler that leaves it so.",
        "set api-scaler.max 2, then scale api 2, then wait 3m" } },

    say_update { "tell", title = "Tell people",
      say = [[Mara has to answer customers, and Tomek has his hand on the scaler. Post an update: who, since
        when, roughly how many, the state, and when you write again. Type say.]],
      needs = { "who", "since", "impact", "state", "next" },
      solution = { "say --who \"everybody who orders\" --since 11:43 --impact \"about half\" --state mitigated --next 12:00" },
      hints = { "Short and true is enough. Mitigated is not cured.",
        "say --who \"everybody who orders\" --since 11:43 --impact \"about half\" --state mitigated --next 12:00" } },

    act { "verify", title = "Does it stay well?",
      say = [[The rush goes on. If the scaler can, it will add an instance again. Watch for five good minutes.]],
      goal = function(s) return s:good_for(min(5)) end,
      solution = { "wait 6m" },
      done = "Five good minutes in the middle of the rush, with two instances.",
      hints = { "Time shows it.", "status, and chart menu-db.active: it should stay below 50.",
        "Let time pass.", "wait 6m" } },

    choose { "prevent", title = "What keeps it from coming back?",
      say = [[Tomorrow is lunch again. Which of these would help?]],
      choices = {
        { "A limit on all connections together: scaler maximum x pool size, or one pooler in front.", right = true,
          reply = "Yes. The database feels the sum, so somebody must set the sum." },
        { "Measure the database with 25, 50, 100 and 200 connections, and write down its peak.", right = true,
          reply = "Yes. Without that number nobody can say how many instances are too many." },
        { "Let the scaler add instances sooner.",
          reply = "It would have been past the peak sooner." },
        { "Give each instance more connections, so that nobody has to wait for one.",
          reply = "They would wait inside the database. There, waiting makes everybody slower." },
      },
      hints = { "What would have stopped the scaler at the right place?", "The first or the second." } },
  },

  traps = {
    { "scaler-still-on",
      when = function(s)
        return s:changed() and s:instances("api") <= 3 and s:param("api-scaler.on")
          and s:param("api-scaler.max") > 4 and s:since_change() > sec(5)
      end,
      say = "Fewer instances: good. But the scaler still runs with its old limit. What will it do when it looks next?" },
    { "more-of-it", when = function(s) return s:changed() and s:instances("api") > 9 end,
      say = "More instances, more connections. Look at how many orders a second are placed now, and before." },
    { "bigger-pool", when = function(s) return s:param("api.pool.size") > 25 end,
      say = "More connections for each instance. All of them meet in one database: look at db." },
  },

  fixes = {
    { "back to two, and the scaler held there", { "set api-scaler.max 2", "scale api 2" },
      says = "Fifty connections keep 32 cores busy, and not much more. The database did over 400 a second again." },
    { "smaller pools, scaler off", { "set api-scaler.on off", "set api.pool.size 5" },
      says = "Eight instances with 5 connections each: 40 at work. The same cure from the other side." },
    { "scale by CPU", { "set api-scaler.metric cpu", "set api-scaler.target 0.7" },
      says = "The api's CPU was nearly idle, so the scaler went back to two by itself." },
  },
  wrong = {
    { "a higher limit for the scaler", { "set api-scaler.max 16" }, harm = "worse",
      says = "Sixteen instances brought 400 connections, and the database did about 136 statements a second." },
    { "bigger pools", { "set api.workers 50", "set api.pool.size 50" }, harm = "worse",
      says = "Nobody waited for a connection any more. All waited inside the database, and it got slower." },
    { "fewer instances, scaler left on", { "scale api 2" }, harm = "returns",
      says = "It helped within seconds. Then the scaler saw 16 requests in each instance, wanted 12, and added again." },
    { "restart", { "restart api" }, harm = "returns",
      says = "Empty queues gave the database a short rest. The same instances with the same connections came back." },
    { "roll back the new version", { "rollback api" }, harm = "nothing",
      says = "v32 was put out in calm minutes and ran well. It had nothing to do with this." },
    { "more connections at the database", { "set menu-db.max_connections 2000" }, harm = "nothing",
      says = "It had 500 and used 200. The limit was not what anybody waited for." },
    { "turn some users away", { "limit edge 200" }, harm = "partial",
      says = "Those let in were served well, but half were turned away. It stops the bleeding while you look." },
  },

  debrief = [[
    Draft.
  ]],
}
