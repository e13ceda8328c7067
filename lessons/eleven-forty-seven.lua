-- 11:47 on a Tuesday: the database is past its peak, and each instance added makes it slower.
--
-- The database has 32 cores. By statements running at once it does about: 25: 365/s, 32: 455/s,
-- 50: 424/s, 100: 350/s, 200: 246/s, 400: 136/s. An instance brings 25 connections; two carry
-- 400/s, with about 16 requests in each. The scaler aims at 8, so it adds; from three on the
-- database is slower than the rush, more requests wait inside, and it adds the rest.

local RUSH, WAVE = 400, 445 -- requests a second at noon, and for three minutes after the message
local LOOKS = sec(190) -- how often the scaler looks: 11:43:20, 11:46:30, 11:49:40
local order = { compute(ms(2)), query("menu-db", "order"), count("orders_placed") }

-- What texts claim.
local function untouched(s) return not s:changed() end
local function past_the_peak(s) return s:database("menu-db").active > 150 end

return lesson {
  id = "eleven-forty-seven",
  title = "11:47 on a Tuesday",
  track = "scale",
  minutes = 20,
  level = 2,
  summary = "Lunch orders fail. The autoscaler adds instances, and with each one it gets worse.",
  post = {
    title = "The True Code of Production Systems: its post on scaling",
    url = "https://www.thetruecode.com/the-true-code-of-production-systems/",
    basis = "title",
  },
  teaches = {
    "a database has a peak: with more work at once it gets less done",
    "low CPU can mean that a program waits",
    "instances times pool size is what the database feels",
  },

  day_start = "11:37",
  starts_at = min(10),
  ends_at = min(25),
  good_for = min(7),

  place = [[
    Tiffin brings lunch to offices. Before noon about 400 requests a second come in. They go to
    the api, and from there to one database, menu-db. Two api instances are enough on a normal
    day. An autoscaler, api-scaler, looks about every three minutes and adds more. Tomek runs
    the platform, Ines writes the api, Mara answers the customers.
  ]],
  page = [[
    Answers within 2 s: the error budget burns fast. In the last minutes the scaler went
    from 2 to 8 instances. Their CPU is low.
  ]],
  tools = { "status", "ps", "map", "chart", "db", "changes", "scale", "set", "suspect", "say", "wait" },

  world = function(w)
    w:counter { "orders_placed" }
    w:database { "menu-db", max_connections = 500, cores = 32, contention = 0.004, coherency = 0.0000075,
      statements = { order = { cpu = exponential(us(62200)) } } }
    w:service { "api", instances = 2, workers = 25, queue = 25, cores = 2, start_up = sec(8), drain = sec(4),
      pool = { to = "menu-db", size = 25 },
      versions = { { "v31", order = order }, { "v32", order = order } } }
    w:balancer { "edge", to = "api" }
    w:autoscaler { "api-scaler", service = "api", metric = "in_flight", target = 8, min = 2, max = 4,
      interval = LOOKS, cooldown = min(1) }
    local rush = vary("rush", RUSH - 3, RUSH + 3)
    local rise = vary("rise", 150, 180)
    w:client { "diners", to = "edge/order", gives_up = sec(4), rate = points { base = per_second(rush),
      { 0, 0.55 }, { sec(rise), 0.55 }, { sec(340), WAVE / RUSH }, { sec(530), WAVE / RUSH }, { sec(570), 1 } } }
  end,

  promises = { users = { "an answer within 2 s", good = 0.99, within = sec(2), window = min(30) } },
  shows = { "orders_placed" },
  alerts = {
    burn { "answers within 2 s, fast burn", factor = 10, long = min(5), short = min(1), page = true },
    threshold { "api CPU", of = "api", metric = "cpu", above = 0.8, hold = min(1) },
  },

  -- a scaler that looks at what is busy, not at what waits, leaves two instances alone
  twin = { set("api-scaler.metric", "cpu"), set("api-scaler.target", 0.7) },

  incident = function(i)
    i:red_herring(sec(vary("deploy", 20, 60)), deploy("api", "v32", { by = "Ines" }))
    i:red_herring(sec(280), decoy("edge", pick("sent", {
      "push message sent: lunch menu of the day",
      "push message sent: free delivery until 13:00",
      "push message sent: new soups this week" }), { by = "marketing", final = true }))
    i:at(sec(vary("raise", 450, 540)), set("api-scaler.max", 8, { by = "Tomek" }))
    i:at(min(10) + sec(5), ticket("Mara (customers)", "People write that lunch does not load, or only after an age."))
  end,

  people = {
    mara = { "Mara", role = "customers", desk = true },
    tomek = { "Tomek", role = "platform", knows = {
      { "api-scaler", "It looks at requests in flight: above its target it adds instances, up to its maximum. I raised that today." },
      { "api", "Two instances were enough on every day so far." } } },
    ines = { "Ines", role = "writes the api", knows = {
      { "api", "My deploy today only changed a text. Each request asks menu-db for the menu." },
      { "menu-db", "One database for all. Each api instance has a pool of connections to it." } } },
  },
  reactions = {
    { by = "tomek", when = function(s)
        return s:now() >= min(12) and s:param("api-scaler.on") and s:param("api-scaler.max") == 8
          and s:instances("api") >= 8
      end,
      "The scaler is at its limit of 8 and wants more. Shall I give it 16?" },
    { on = "customer", by = "mara", "An office writes: twelve of us cannot order, and lunch is at twelve." },
  },

  expect = {
    at = min(10),
    moves = {
      ["about half of the answers fail or are late"] = function(s)
        local good = s:good(min(1))
        return good > 0.3 and good < 0.55
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

  suspects = {
    { "menu-db", "past-the-peak", right = true, also = { "api", "api-scaler" } },
    { "menu-db", "overload", part = true },
    { "api.pool", "pool-too-small", also = { "api" },
      reply = "Who waits for a connection, and who has one and waits with it? ps api tells them apart." },
    { "edge", "traffic-spike", also = { "diners" },
      reply = "If more came than can be served, as much as ever would be served. How much is?" },
    { "api", "bad-deploy", reply = "v32 ran from 11:38 on. When did users begin to suffer?" },
    { "menu-db", "lock-contention", reply = "If somebody holds a lock, others wait for it. Who waits?" },
  },
  facts = {
    { "four times as many statements run at once as before",
      seen = { "menu-db:sessions", "menu-db:metrics", "menu-db:metric.active" },
      when = function(s) return s:database("menu-db").active > 150 end,
      fits = { "past-the-peak", "overload", "traffic-spike", "lock-contention" },
      tells = "About 200 statements run at once in the database; minutes ago it was about 30." },
    { "less gets done than comes in",
      seen = { "menu-db:metric.statements_total", "orders_placed:metric.total" },
      when = function(s) return s:rate("menu-db", "statements_total", min(1)) < 360 end,
      fits = { "past-the-peak", "lock-contention", "bad-deploy" },
      tells = "The database gets less done in a second than it did minutes ago." },
    { "requests wait for a connection", seen = "api:pool",
      when = function(s) return s:pool("api.pool").pool_waiting > 20 end,
      fits = { "pool-too-small" },
      tells = "Nobody waits for a connection: each request at work has one, and waits with it." },
    { "sessions wait for a lock", seen = { "menu-db:sessions", "menu-db:locks" },
      when = function(s) return s:database("menu-db").lock_waiting > 0 end,
      fits = { "lock-contention" },
      tells = "No session waits for a lock." },
  },

  steps = {
    find { "scope", title = "How bad is it?", of = "share", within = 0.25,
      answer = function(s) return 1 - s:good(min(1)) end,
      say = [[11:47. Do not touch anything yet. Which share of the users got nothing in time in the last minute?]],
      near = "Near. How many came in that minute, and how many of them were served badly?",
      wrong = "Where do you read that? A user who waits too long is in no error rate. The charts of diners count them.",
      solution = { "status", "chart diners" },
      done = { { when = untouched, "{bad} of the users get nothing in time. All instances are healthy, and none of them works hard.",
          claims = { function(s) return s:good(min(1)) < 0.9 end,
            function(s) return s:service("api").cpu < 0.3 end } },
        "You have changed something already: {bad} of the users got nothing in time in the last minute." },
      hints = { "Start with the users, not with the machines.", "One word shows the whole system.",
        "The clients' own numbers: bad ones of all.", "chart diners" } },

    ask { "cpu", title = "The api's CPU is low",
      say = { { when = untouched, [[Eight healthy instances, CPU nearly idle, and users wait. What does that tell you?]],
          claims = { function(s) return s:service("api").healthy == 8 end,
            function(s) return s:service("api").cpu < 0.3 end,
            function(s) return s:good(min(1)) < 0.9 end } },
        [[When the page came there were eight healthy instances, their CPU nearly idle, and users waited. What did
          that tell you?]] },
      choices = {
        { "The api is well: its CPU has room.",
          reply = "The number is true, and it is not about users. Half of them get nothing." },
        { "The api waits for something else.", right = true,
          reply = "Yes. A request that waits holds a worker and needs no CPU. Find what it waits for." },
        { "There are too few instances.",
          reply = "If CPU were short, more instances would help. It is not: it is nearly idle." },
      },
      hints = { "What does a program do that is not done and needs no CPU?",
        "All workers are taken, and CPU is low: they wait." } },

    find { "changes", title = "What changed?", of = "component",
      answer = function(s) return "api-scaler" end,
      say = [[A new version, a push message, a higher limit for the scaler; and what the scaler did by itself.
        Compare what was done with when users began to suffer. Which part of the system was changed, or changed
        something, each time that it got worse?]],
      replies = {
        { "api", "v32 ran well for minutes before it began. Who changed how many of them there are?" },
        { "edge", "The message brought a wave, and the wave is over. It got worse after that, too." } },
      solution = { "changes", "logs api-scaler" },
      done = "v32 ran well for minutes before it began. The push message brought a wave, and it is over. The trouble grew with each step of the scaler.",
      hints = { "There is a list of what people did.", "Not everything on it belongs to this; and who does things by himself stands in the logs.",
        "The list is called changes; logs api-scaler says what the scaler did.", "changes, then logs api-scaler" } },

    find { "where", title = "What does everybody wait for?", answer = "suspect",
      say = [[Look at the database: how many statements run at once, and how many are done in a second?
        Compare 11:47 with 11:42. When you know, write down place, mechanism and why.]],
      solution = { "db sessions", "ps api", "chart menu-db.active", "chart menu-db.statements_total",
        "suspect menu-db past-the-peak because db, chart" },
      done = { { when = past_the_peak, "With {active} statements at once the database does {done}. With 50 it did over 400/s.",
          claims = function(s) return s:rate("menu-db", "statements_total", min(1)) < 330 end },
        "With 200 statements at once the database did about 250/s, with 50 over 400/s." },
      hints = { "Each instance opens 25 connections. Who feels all of them?",
        "The database has two numbers: at work, and done in a second. Chart both.",
        "More work at once, and less gets done: it is past its peak.",
        "suspect menu-db past-the-peak because db, chart" } },

    predict { "forecast", title = "Before you act",
      change = { "set api-scaler.max 2", "scale api 2" },
      say = [[You go back to two instances and keep the scaler from adding any: 50 connections, not 200.
        Compared with now, what happens to each of these: up, same or down?]],
      of = {
        { "orders a second, two minutes after your change", after = min(2), answer = "up",
          value = function(s) return s:rate("orders_placed", min(1)) end },
        { "the api's CPU, two minutes after it", after = min(2), answer = "up",
          value = function(s) return s:mean("api", "cpu", min(1)) end },
      },
      hints = { "With fewer statements at once the database gets more done.",
        "More orders, on fewer instances: up, up." } },

    act { "stop", title = "Stop the bleeding",
      say = [[Take work away from the database, so that it gets more done, and keep it away. One good
        minute.]],
      goal = function(s) return s:good_for(min(1)) end,
      solution = { "set api-scaler.max 2", "scale api 2", "wait 3m" },
      done = { { when = function(s) return s:instances("api") == 2 end,
          "Users are well. Two instances do what eight could not, and their CPU is higher.",
          claims = function(s) return s:good_for(min(1)) end },
        { "Users are well.", claims = function(s) return s:good_for(min(1)) end } },
      hints = { "Tomek wants to add instances. What did the last six bring?",
        "Instances times pool size: 8 x 25 = 200 connections. The best is about 32 to 50.",
        "Fewer instances, and a scaler that leaves it so.",
        "set api-scaler.max 2, then scale api 2, then wait 3m" } },

    say_update { "tell", title = "Tell people",
      say = [[Mara must answer customers, and Tomek has his hand on the scaler. Say who is affected, since
        when, how many, the state, and when you write again.]],
      needs = { "who", "since", "impact", "state", "next" },
      solution = { "say --who \"everybody who orders\" --since 11:43 --impact \"up to 50 % of the orders\" --state mitigated --next 12:00" },
      hints = { "Short and true is enough.", "Mitigated is not cured.",
        "say --who \"everybody who orders\" --since 11:43 --impact \"up to 50 %\" --state mitigated --next 12:00" } },

    act { "verify", title = "Does it stay well?",
      say = [[The rush goes on, and the scaler looks about every three minutes. Watch longer than two of
        its looks: seven good minutes.]],
      goal = function(s) return s:good_for(min(7)) and s:since_change() >= min(7) end,
      solution = { "wait 8m" },
      done = "Seven good minutes in the middle of the rush.",
      hints = { "Only time shows it.", "What the database has at work should stay at 50 or below.",
        "Let time pass.", "wait 8m" } },

    prevent { "prevent", title = "What keeps it from coming back?",
      say = [[Tomorrow there is lunch again. Which of these would help?]],
      hints = { "What would have stopped the scaler at the right place?", "The first or the second." } },
  },

  values = {
    bad = { "share", function(s) return 1 - s:good(min(1)) end },
    active = { "count", function(s) return s:database("menu-db").active end },
    done = { "rate", function(s) return s:rate("menu-db", "statements_total", min(1)) end },
  },

  traps = {
    { "scaler-still-on",
      when = function(s)
        return s:changed() and s:instances("api") <= 3 and s:param("api-scaler.on")
          and s:param("api-scaler.metric") == "in_flight" and s:param("api-scaler.max") > 4
          and s:since_change() > sec(15)
      end,
      say = "Fewer instances: good. But the scaler is on and may still go up to its limit. What will it do when it looks next?" },
    { "four",
      when = function(s)
        return s:changed() and s:param("api-scaler.max") == 4 and s:instances("api") == 4
          and s:since_change() > sec(40)
      end,
      say = "Better than eight, and not well. Four instances are 100 connections. Look at db again." },
    { "more-of-it", when = function(s) return s:changed() and s:instances("api") > 9 end,
      say = "More instances, more connections. How many orders a second are placed now, and how many before?" },
    { "as-before",
      when = function(s)
        return s:changed() and s:since_change() > sec(90) and s:good(min(1)) < 0.8
          and s:instances("api") == 8 and s:param("api-scaler.max") == 8 and s:param("api.pool.size") == 25
          and s:param("api-scaler.metric") == "in_flight"
      end,
      say = "You changed something, and users fail as before. Do fewer statements run at once in the database now?" },
    { "bigger-pool", when = function(s) return s:param("api.pool.size") > 25 end,
      say = "More connections for each instance. They all meet in one database: look at db." },
  },

  fixes = {
    { "back to two, and the scaler held there", { "set api-scaler.max 2", "scale api 2" },
      says = "Fifty connections keep 32 cores busy, and few stand in the way. The database did over 400 a second again." },
    { "smaller pools, scaler off", { "set api-scaler.on off", "set api.pool.size 5" },
      says = "Eight instances with 5 connections each: 40 at work. The same cure from the other side." },
    { "scale by CPU", { "set api-scaler.metric cpu", "set api-scaler.target 0.7", "wait 4m" },
      says = "The api's CPU was nearly idle, so the scaler went back to two by itself, at its next look." },
  },
  wrong = {
    { "a higher limit for the scaler", { "set api-scaler.max 16" }, harm = "worse",
      used = function(s) return s:param("api-scaler.max") > 8 or s:highest("api", "up", min(14)) > 8 end,
      says = "Sixteen instances bring 400 connections. With so many at once the database does about 136 statements a second." },
    { "bigger pools", { "set api.workers 50", "set api.pool.size 50", "restart api --rolling" }, harm = "worse",
      used = function(s) return s:param("api.pool.size") > 25 end,
      says = "Nobody waited for a connection any more. All waited inside the database, and it got slower still." },
    { "fewer instances, scaler left on", { "scale api 2" }, harm = "returns",
      used = function(s)
        return s:changed() and s:lowest("api", "up", s:since_first_change()) <= 3
          and s:increase("api-scaler", "ups_total", s:since_first_change()) > 0
      end,
      says = "It helped within a minute. At its next look the scaler saw about 16 requests in an instance, wanted 8, and added again." },
    { "take back Tomek's change", { "set api-scaler.max 4" }, harm = "partial",
      used = function(s) return s:changed() and s:param("api-scaler.max") == 4 end,
      says = "Four instances are 100 connections and about 350 a second: better than eight, not enough for 400." },
    { "restart", { "restart api --rolling", "wait 2m" }, harm = "nothing",
      says = "One after the other came back with the same 25 connections. Nothing inside them was broken." },
    { "roll back the new version", { "rollback api", "wait 2m" }, harm = "nothing",
      says = "v32 was put out in calm minutes and ran well. It had nothing to do with this." },
    { "more connections at the database", { "set menu-db.max_connections 2000" }, harm = "nothing",
      says = "It admits 500 and had 200: nobody waited for that limit. And a database takes a new one only at its restart." },
    { "turn users away", { "limit edge 100", "wait 30s", "limit edge 250" }, harm = "partial",
      says = "Those let in were served well; the others got nothing. It buys time to look, and it is not a cure." },
  },

  prevention = {
    { "Limit all connections together: largest number of instances x pool size, or one pooler in front.", right = true,
      effort = "an hour",
      reply = "Yes. The database feels the sum. Somebody must set the sum." },
    { "Measure the database at 25, 50, 100 and 200 connections, and write its peak down.", right = true,
      effort = "a day",
      reply = "Yes. Without it nobody can say how many instances are too many." },
    { "No scaler: two instances, until somebody has measured more.", right = true,
      effort = "one line", with = { set("api-scaler.on", false) },
      reply = "Yes, for a rush like this one. It is a limit on the sum, too, only a crude one." },
    { "Let the scaler look more often.", effort = "one line", with = { set("api-scaler.interval", sec(30)) },
      reply = "It would have been past the peak sooner." },
    { "Larger pools, so that nobody waits for a connection.", effort = "one line",
      with = { set("api.workers", 50), set("api.pool.size", 50) },
      reply = "Then they wait inside the database, where waiting makes everybody slower." },
  },

  debrief = [[
    A database with 32 cores does most when about 32 statements run at once. Beyond that they
    mostly stand in each other's way: locks, caches, switching. The total goes down.

    Two instances brought 50 connections and carried the rush. The scaler saw requests pile up
    inside the api, took that for a lack of instances, and added some. Each brought 25 more
    connections, the database slowed down, and more piled up: the cure fed the illness. A push
    message started it, and when that wave was over the trouble stayed.

    CPU of the api fell while it got worse, for a program that waits needs none. Scaling the
    layer that waits puts load on the layer that is slow.

    The queue of an instance has 25 places, so going back to two helps within a minute. An endless
    queue would be full of work for users who have left: with 424 a second against 400 nobody
    would be in time for about eight more minutes. If some of them try again, more than 424 a
    second come in, and it never recovers.

    What would have prevented it: a limit on the sum of all connections, a scaler whose largest
    number respects it, and a load test that looks for the peak.
  ]],
  sums = {
    "Connections: 2 x 25 = 50, 4 x 25 = 100, 8 x 25 = 200, 16 x 25 = 400.",
    "Done a second, with so many at once: 25: 365, 32: 455, 50: 424, 100: 350, 200: 246, 400: 136.",
    "Little's law at eight: (200 + 200 queued) / 246 a second = 1.6 s on average, so many take over 2 s.",
    "Little's law at two: about 32 inside / 400 a second = 0.08 s.",
    "What the scaler saw at two: 32 / 2 = 16 in an instance, target 8: it wants 2 x 16 / 8 = 4.",
  },
  real = {
    { "Amazon Kinesis, 25 November 2020: added capacity was the trigger, and was taken out again",
      "https://aws.amazon.com/message/11201/" },
    { "Slack, 4 January 2021: threads waited, CPU fell, and the autoscaler read it wrongly",
      "https://slack.engineering/slacks-outage-on-january-4th-2021/" },
  },
  glossary = {
    ["autoscaler"] = "A program that changes how many instances a service has, by what it measures.",
    ["connection pool"] = "The connections to a database that an instance keeps and shares out.",
    ["in flight"] = "Requests that are inside and not answered yet: at work or waiting.",
    ["peak"] = "The number at work at once with which a system gets the most done.",
    ["load test"] = "Sending artificial traffic to find out how much a system can carry.",
  },
}
