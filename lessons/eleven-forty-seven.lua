-- 11:47 on a Tuesday: the database is past its peak, and each instance added makes it slower.
--
-- The database has 32 cores. By statements running at once it does about: 25: 365/s, 32: 455/s,
-- 50: 424/s, 100: 350/s, 200: 246/s, 400: 136/s. An instance brings 25 connections; two carry
-- 400/s, with about 16 requests in each. The scaler aims at 6, so it adds two; from three on the
-- database is slower than the rush, more requests wait inside, and it adds the rest. Its measure
-- is what is inside at one moment, 10 to 28: 6 is so low that each of these asks for four.

local RUSH, WAVE = 400, 415 -- requests a second at noon, and for three minutes after the message
local LOOKS = sec(194) -- how often the scaler looks: 11:43:28, 11:46:42, 11:49:56, 11:53:10
local order = { compute(ms(2)), query("menu-db", "order"), count("orders_placed") }

-- What texts claim.
local function untouched(s) return not s:changed() end
local function past_the_peak(s) return s:database("menu-db").active > 150 end
local function failing(s) return s:good(min(1)) < 0.9 end
local function well(s) return s:good_for(min(2)) end
local function less_done_than_asked(s)
  return s:rate("menu-db", "statements_total", min(1)) < s:rate("diners", "visits_total", min(1))
end
local function idle(s) return s:service("api").cpu < 0.3 end
local function scaler_free(s)
  return s:param("api-scaler.on") and s:param("api-scaler.metric") == "in_flight" and s:param("api-scaler.max") > 3
end
-- Somebody went down, and the scaler went up again.
local function relapsed(s)
  return s:changed() and scaler_free(s) and s:instances("api") > 3 and s:good(min(1)) < 0.98
    and s:lowest("api", "up", s:since_first_change()) <= 3
    and s:increase("api-scaler", "ups_total", s:since_first_change()) > 0
end

return lesson {
  id = "eleven-forty-seven",
  title = "11:47 on a Tuesday",
  track = "scale",
  minutes = 20,
  level = 2,
  summary = "Lunch orders fail. The autoscaler adds instances, and with each one it gets worse.",
  post = {
    title = "Scaling the Application: Not an Answer to Every Performance Issue",
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
  ends_at = min(32),
  good_for = min(7),

  place = [[
    Tiffin brings lunch to offices. Before noon about 400 requests a second come in. They go
    through edge to the instances of the api, and from each of these to one database, menu-db.
    On a normal day two instances are enough. Tomek runs the platform, Ines writes the api,
    Mara answers the customers.
  ]],
  page = [[
    "Answers within 2 s: the error budget burns fast." Nothing is down. On the dashboard the
    api's CPU is low.
  ]],
  tools = { "status", "chart", "ps", "map", "changes", "logs", "db", "config", "count", "scale", "set", "suspect",
    "trigger", "say", "wait" },

  world = function(w)
    local v = pick("version", { 31, 58, 74 })
    w:counter { "orders_placed" }
    w:database { "menu-db", max_connections = 500, cores = 32, contention = 0.004, coherency = 0.0000075,
      statements = { order = { cpu = exponential(us(62200)) } } }
    w:service { "api", instances = 2, workers = 25, queue = 25, cores = 2, start_up = sec(8), drain = sec(4),
      pool = { to = "menu-db", size = 25 },
      versions = { { "v" .. v, order = order }, { "v" .. v + 1, order = order } } }
    w:balancer { "edge", to = "api" }
    w:autoscaler { "api-scaler", service = "api", metric = "in_flight", target = 6, min = 2, max = 4,
      on = false, up_count = 6, interval = LOOKS, cooldown = min(1) }
    local rush = vary("rush", RUSH - 3, RUSH + 3)
    local rise = vary("rise", 205, 230)
    w:client { "diners", to = "edge/order", gives_up = sec(4), rate = points { base = per_second(rush),
      { 0, 0.25 }, { sec(rise), 0.25 }, { sec(340), WAVE / RUSH }, { sec(530), WAVE / RUSH }, { sec(570), 1 } } }
  end,

  promises = { users = { "an answer within 2 s", good = 0.99, within = sec(2), window = min(30) } },
  shows = { "orders_placed" },
  alerts = {
    burn { "answers within 2 s, fast burn", factor = 10, long = min(5), short = min(1), page = true },
    threshold { "api CPU", of = "api", metric = "cpu", above = 0.8, hold = min(1) },
  },

  incident = function(i)
    local v = pick("version", { 31, 58, 74 })
    i:red_herring(sec(vary("early", 20, 55)), pick("which", {
      deploy("api", "v" .. v + 1, { by = pick("deployed", { "Ines", "deploy bot" }) }),
      decoy("menu-db", "nightly backup moved to 02:30", { by = "Tomek" }),
      decoy("edge", "access logs kept for 30 days, was 14", { by = "Tomek" }),
    }))
    i:cause(sec(vary("on", 70, 170)), set("api-scaler.on", true, { by = "Tomek" }))
    i:red_herring(sec(vary("push", 262, 284)), decoy("edge", pick("sent", {
      "push message sent: lunch menu of the day",
      "push message sent: free delivery until 13:00",
      "push message sent: new soups this week" }), { by = "marketing", final = true }))
    i:at(sec(vary("raise", 450, 540)), set("api-scaler.max", 8, { by = "Tomek" }))
    i:at(min(10) + sec(5), ticket("Mara (customers)",
      pick("words", { "People write that lunch does not load, or only after an age.",
        "Offices write that the page with the menu turns and turns." })))
  end,

  people = {
    mara = { "Mara", role = "customers", desk = true },
    tomek = { "Tomek", role = "platform", knows = {
      { "api-scaler", "New since this morning: it looks at the requests inside the api, and sets the number of instances. When it wanted more I gave it more." },
      { "api", "Two instances were enough on every day so far. I used to set them by hand." },
      { "menu-db", "32 cores. Nobody has ever tried how many connections are good for it." } } },
    ines = { "Ines", role = "writes the api", knows = {
      { "api", "Nothing in it is new that could be slow. Each request asks menu-db for the menu." },
      { "menu-db", "One database for all. Each api instance has a pool of 25 connections to it.",
        when = function(s) return s:param("api.pool.size") == 25 end },
      { "menu-db", "One database for all. Each api instance has a pool of connections to it." } } },
  },
  reactions = {
    { by = "tomek", when = function(s)
        return s:now() >= min(12) and scaler_free(s) and s:param("api-scaler.max") == 8
          and s:instances("api") >= 8 and failing(s)
      end,
      "The scaler is at its limit of 8 and wants more. Shall I give it 16?" },
    { on = "customer", by = "mara", "An office writes: twelve of us could not order, and lunch is at twelve." },
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
    { "api", "bad-deploy", reply = "When was the api last changed, and when did users begin to suffer?" },
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
      when = function(s) return s:rate("menu-db", "statements_total", sec(10)) < 360 end,
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
      say = [[Do not touch anything yet. Which share of the users got nothing in time in the last minute?]],
      near = "Near. How many came in that minute, and how many of them were served badly?",
      wrong = "How many came, and how many of them were served badly? Whoever waits too long is in no error rate: the users' own numbers count them.",
      solution = { "chart diners" },
      done = { { when = untouched, "{bad} of the users get nothing in time.", claims = failing },
        "You have changed something already: {bad} of the users got nothing in time in the last minute." },
      hints = { "Start with the users, not with the machines.", "The users here are called diners; they have good ones and bad ones.",
        "chart diners: bad_total of visits_total" } },

    find { "since", title = "When did it begin?", answer = "since", moot = false,
      say = [[The page came at 11:47. When was the first user hurt?]],
      wrong = "The page is later than the harm. A chart of the bad ones over a quarter of an hour shows where it leaves zero.",
      solution = { "chart diners.bad_total --since 10m", "since 11:43" },
      done = "Keep that time: what began it is not younger.",
      hints = { "Not when it rang: when it began.", "A chart of the users' failures, since 11:37.",
        "chart diners.bad_total --since 10m" } },

    ask { "cpu", title = "The number on the dashboard",
      say = { { when = function(s) return untouched(s) and idle(s) and failing(s) end,
          [[All instances of the api are healthy, their CPU is nearly idle, and users wait. What does that tell you?]],
          claims = { function(s) return s:service("api").healthy == s:instances("api") end, idle, failing } },
        [[When the page came all instances of the api were healthy, their CPU nearly idle, and users waited. What did
          that tell you?]] },
      choices = {
        { "The api is well: its CPU has room.",
          reply = "The number is true, and it is not about users. Many of them get nothing." },
        { "The api waits for something else.", right = true,
          reply = "Yes. A request that waits holds a worker and needs no CPU. Find what it waits for." },
        { "There are too few instances.",
          reply = "If CPU were short, more instances would help. It is not: it is nearly idle." },
      },
      hints = { "What does a program do that is not done and needs no CPU?",
        "Look at the workers of each instance: how many are taken?" } },

    find { "where", title = "What does everybody wait for?", answer = "suspect",
      say = [[Follow the requests to where they wait. Compare two things there with the minutes before it began: how much is at
        work at once, and how much gets done in a second? Write down the place and the mechanism that you suspect.]],
      solution = { "db sessions", "ps api", "chart menu-db.active", "chart menu-db.statements_total",
        "suspect menu-db past-the-peak because db, chart" },
      done = { { when = past_the_peak, "{active} statements run at once, and the database does {done}. While users were well about 30 ran, and it did all that came.",
          claims = less_done_than_asked },
        "With 200 statements at once the database did about 250 a second; with 50 it does over 400." },
      hints = { "Each instance has connections of its own. Who feels all of them?",
        "A chart of what is at work there, and a chart of what is done. Do they go the same way?",
        "chart menu-db.active, then chart menu-db.statements_total. More at once, and less gets done: which word of the list is that?",
        "suspect menu-db past-the-peak because db, chart" } },

    find { "trigger", title = "What began it?", answer = "trigger", moot = false,
      say = [[Several things were done this morning, and not all of them by people. Which one began it? Answer with the
        number of a change, growth, or nothing.]],
      replies = {
        { "1", "Users were well for minutes after that. What came after it, and before the first user was hurt?" },
        { "api", "The api did what it was told. Who changed how many instances there are?" },
        { "edge", "It brought some more people, for some minutes. Are there still more than before?" },
        { "3", "It brought some more people, for some minutes. Are there still more than before?" },
        { "4", "When was that, and when was the first user hurt? It made more of what was there." },
        { "growth", "On every other Tuesday as many came. What is new today?" },
        { "nothing", "On every other Tuesday it was well. What is new today?" } },
      wrong = "Lay what was done beside the time at which the first user was hurt.",
      solution = { "changes", "logs api-scaler", "trigger api-scaler" },
      done = "Tomek turned the scaler on. It looks every few minutes, and when the rush had come it added, and at the next look it added again: from two to eight. Each brought 25 connections, and the database slowed down with each.",
      hints = { "There is a list of what people did. What machines did stands in logs.",
        "Which of them changes something by itself, some minutes after it was touched?",
        "changes, then logs api-scaler", "trigger api-scaler" } },

    predict { "forecast", title = "Before you act", change = "any",
      say = [[Choose your change, but do not make it yet. Two minutes after it, compared with now: up, same or down?
        Answer for example: same, down]],
      of = {
        { "orders a second", after = min(2), value = function(s) return s:rate("orders_placed", min(1)) end },
        { "the api's CPU, of each instance", after = min(2), value = function(s) return s:mean("api", "cpu", min(1)) end },
      },
      hints = { "Does your change put more statements into the database at once, or fewer?",
        "As many orders as before on fewer instances, or on more: what does that do to the CPU of each?" } },

    act { "stop", title = "Stop the bleeding",
      say = [[Bring the number of statements at once down to where the database gets the most done. Two good
        minutes.]],
      goal = well,
      solution = { "scale api 2", "wait 150s" },
      done = { { when = function(s) return s:instances("api") == 2 and s:service("api").cpu > 0.2 end,
          "Users are well. Two instances do what more could not, and their CPU is higher than before.",
          claims = { well, function(s) return s:service("api").cpu > 0.2 end } },
        { "Users are well.", claims = well } },
      hints = { "What did the last six instances bring to the database?",
        "Instances times connections of each. How many were there while users were well?",
        "scale api 2", "scale api 2, then wait 150s" } },

    say_update { "tell", title = "Tell people",
      say = [[Mara must answer customers, and Tomek has his hand on the scaler. Post an update: who is hurt, since when, how
        many, how it stands, and when you write again.]],
      needs = { "who", "since", "impact", "state", "next" },
      solution = { "say --who everybody --since 11:43 --impact unknown --state mitigated --next 12:10" },
      hints = { "Short and true is enough.", "Two good minutes: is that a cure?",
        "say alone asks for one field after the other." } },

    act { "hold", title = "Does it stay well?",
      say = [[The rush goes on for a while. Let time pass until seven minutes have been well since your last change, and
        look at the number of instances meanwhile.]],
      goal = function(s) return s:good_for(min(7)) and s:since_change() >= min(7) end,
      solution = { "wait 2m", "set api-scaler.on off", "scale api 2", "wait 9m" },
      done = { { "Seven good minutes in the middle of the rush, with {instances} instances.",
        claims = function(s) return s:good_for(min(7)) end } },
      hints = { "Only time shows it. If it comes back, something brought it back.",
        "What else sets the number of instances, and what does it look at? Its log says what it did.",
        "config api-scaler: hold it, turn it off, or let it look at something else. Then go down again.",
        "set api-scaler.on off, then scale api 2, then wait 9m" } },

    prevent { "prevent", title = "What keeps it from coming back?",
      say = [[Tomorrow there is lunch again. Which of these would help?]],
      hints = { "What does the database feel: instances, or all connections together?", "Who knew where its peak is?" } },
  },

  values = {
    bad = { "share", function(s) return 1 - s:good(min(1)) end },
    active = { "count", function(s) return s:database("menu-db").active end },
    done = { "rate", function(s) return s:rate("menu-db", "statements_total", min(1)) end },
    instances = { "count", function(s) return s:instances("api") end },
    most = { "count", function(s) return s:highest("menu-db", "active", s:now()) end },
    most_instances = { "count", function(s) return s:highest("api", "up", s:now()) end },
    ups = { "count", function(s) return s:total("api-scaler", "ups_total") end },
    lost = { "count", function(s) return s:total("diners", "bad_total") end },
    placed = { "count", function(s) return s:total("orders_placed") end },
    rush = { "count", function(s) return s:rate("diners", "visits_total", min(1)) end },
  },

  traps = {
    { "scaler-again", when = relapsed,
      say = { { "Users fail again, and there are {instances} instances. You did not add them: the log of api-scaler says who did, and why.",
        claims = relapsed } } },
    { "four",
      when = function(s)
        return s:changed() and s:param("api-scaler.max") == 4 and s:instances("api") == 4
          and s:since_change() > sec(40) and s:good(min(1)) < 0.99
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
    { "back to two, and the scaler off", { "set api-scaler.on off", "scale api 2" },
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
      says = "It helped within a minute. At its next look the scaler saw about 16 requests in an instance, wanted more than twice as many, and added again." },
    { "take back the last change", { "set api-scaler.max 4" }, harm = "partial",
      used = function(s) return s:changed() and s:param("api-scaler.max") == 4 end,
      says = "Four instances are 100 connections and about 350 a second: better than eight, not enough for 400." },
    { "turn the scaler off, no more", { "set api-scaler.on off", "wait 4m" }, harm = "nothing",
      used = function(s)
        return s:changed() and not s:param("api-scaler.on") and s:since_first_change() > min(2)
          and s:lowest("api", "up", s:since_first_change()) >= 8 and failing(s)
      end,
      says = "It added nothing any more. But the eight instances stayed, and with them 200 connections." },
    { "restart", { "restart api --rolling", "wait 2m" }, harm = "nothing",
      says = "One after the other came back with the same 25 connections. Nothing inside them was broken." },
    { "take back the first change of the morning", { "revert 1", "wait 2m" }, harm = "nothing",
      says = "It was done in calm minutes, and users were well after it. It had nothing to do with this." },
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
    { "Let the scaler look at what is busy, the CPU, and not at what waits.", right = true, effort = "one line",
      with = { set("api-scaler.metric", "cpu"), set("api-scaler.target", 0.7) },
      reply = "Yes, here: with so little CPU in use it would have left two instances alone." },
    { "Let the scaler look more often.", effort = "one line", with = { set("api-scaler.interval", sec(30)) },
      reply = "It would have been past the peak sooner." },
    { "Larger pools, so that nobody waits for a connection.", effort = "one line",
      with = { set("api.workers", 50), set("api.pool.size", 50) },
      reply = "Then they wait inside the database, where waiting makes everybody slower." },
  },

  debrief = [[
    A database with 32 cores does most when about 32 statements run at once. Beyond that they
    mostly stand in each other's way: locks, caches, switching. The total goes down.

    Two instances brought 50 connections and carried the rush. The new scaler saw more
    than twice as many requests inside each as it aims at, took that for a lack of instances, and added some. Each brought 25
    more connections, the database slowed down, and more piled up inside: the cure fed the
    illness. Undo only what it did, and it does it again at its next look.

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
    "Connections as it was built: 2 x 25 = 50, 4 x 25 = 100, 8 x 25 = 200, 16 x 25 = 400.",
    "Done a second, with so many at once: 25: 365, 32: 455, 50: 424, 100: 350, 200: 246, 400: 136.",
    "Little's law at eight: (200 + 200 queued) / 246 a second = 1.6 s on average, so many take over 2 s.",
    "At two instances the rush has about 32 at work: 32 / 2 = 16 in each, target 6. It wants 2 x 16 / 6 = 5.3, and was let have 4, then 8.",
    "This run: up to {most_instances} instances and {most} statements at once; the scaler went up {ups} times.",
    "This run: {placed} orders placed, {lost} answers late or never.",
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
    ["peak"] = "The number at work at once with which a system gets the most done.",
    ["load test"] = "Sending artificial traffic to find out how much a system can carry.",
  },
}
