-- Ten thousand at once: arrivals x the time that each keeps a connection need more of them than
-- there are, and the line for one has no end. Who is served has waited longer than people do.
--
-- Every five minutes some 10,000 people press within a minute: 167 a second. A booking keeps its
-- connection for 240 ms, of which 200 ms are a question to somebody else: 167 x 0.24 = 40
-- connections. There are 2 x 8 = 16, which carry 67 a second. Without a limit on waiting the line
-- grows by a second for each 0.7 s; people leave after 8 s, so from the twelfth second on all work
-- is for those who have left. With a limit of 2 s the same 67 a second are served to people.
-- 2 x 16 = 32 are too few as well; 2 x 24 = 48 are enough; with more than 52 the database, which
-- admits 60, has none left for the wardens, whose program opens one for each request.

local INSTANCES, POOL = 2, 8
local PEOPLE, RUSH = 10000, sec(60) -- who press at an opening, and within which time
local OPENS, EVERY, OPENINGS = min(5), min(5), 9
local HOLD, NEEDED = ms(240), 40 -- the time that a booking keeps a connection; connections for all
local PAGE = min(16)

-- The first opening is of a small valley. From the second on the whole club comes.
local function crowd()
  local quiet, start = 0.02, sec(vary("start", 0, 9))
  local small = vary("small", 2400, 3000) / PEOPLE
  local curve = { base = PEOPLE / (RUSH / sec(1)), { sec(0), quiet } }
  for n = 1, OPENINGS do
    local at, share = start + OPENS + (n - 1) * EVERY, n == 1 and small or vary("opening" .. n, 0.97, 1.03)
    curve[#curve + 1] = { at, quiet }
    curve[#curve + 1] = { at + sec(1), share }
    curve[#curve + 1] = { at + RUSH, share }
    curve[#curve + 1] = { at + RUSH + sec(1), quiet }
  end
  return points(curve)
end

local function a_second(s, name, metric) return s:rate(name, metric, min(1)) end
local function gone(s) return a_second(s, "booking", "abandoned_total") end
local function booked(s) return s:rate("beds_booked", min(1)) end
local function pressed(s) return a_second(s, "edge", "requests_total") end
local function waiting(s) return s:of("booking.pool").pool_waiting end
local function kept(s) -- how long a connection is kept: Little's law, read the other way
  return s:mean("booking.pool", "pool_in_use", min(1)) / a_second(s, "booking.pool", "acquired_total")
end
local function connections(s) return s:param("booking.pool.size") * s:param("booking.instances") end

-- What texts claim.
local function untouched(s) return not s:changed() end
local function idle(s) return s:service("booking").cpu < 0.3 and s:database("huts-db").cpu < 0.5 end
local function queued(s) return waiting(s) > 1000 end
local function opening(s) return pressed(s) > 100 end
local function for_nobody(s) return gone(s) > 0.4 * booked(s) end
local function no_error(s) return s:increase("booking", "errors_total", min(2)) == 0 end
local function reaches_people(s) return opening(s) and booked(s) > 40 and gone(s) < 1 end
local function short_hold(s) return s:flag("check-first") or s:flag("confirm-later") end
local function starved(s) return s:increase("reception", "errors_total", min(1)) > 20 end

return lesson {
  id = "ten-thousand",
  title = "Ten thousand at once",
  track = "scale",
  minutes = 25,
  level = 3,
  summary = "No error, no alert, more bookings than ever. And nobody gets a bed.",
  post = {
    title = "The True Code of Production Systems",
    url = "https://www.thetruecode.com/the-true-code-of-production-systems/",
    basis = "title",
  },
  teaches = {
    "arrivals times the time that each is kept is how many there are at once",
    "a line without end serves those who have left",
    "an error told at once is worth more than an answer that nobody waits for",
  },

  day_start = "19:50",
  starts_at = PAGE,
  ends_at = PAGE + min(28),
  good_for = min(6),

  place = [[
    An alpine club opens the summer's beds in its huts tonight, one valley every five
    minutes from 19:55 on. There are beds for all. Members press "book" in the first minute;
    the service booking asks the federation's member-check if they are members, and writes
    the bed into huts-db. In the huts wardens write down who arrives, with reception. Vroni
    answers the members, Luis runs the machines, Greta wrote booking.
  ]],
  page = [[
    Vroni calls: "The wheel turns and turns, they write, then nothing comes. It was so
    at eight, too." No alert fires. booking says that it books more beds than ever.
  ]],
  tools = { "status", "chart", "count", "ps", "logs", "stacks", "traces", "db", "changes", "config", "flag",
    "ask", "suspect", "set", "scale", "say", "wait", "hint" },

  world = function(w)
    w:counter { "beds_booked", per_visit = true }
    w:flag { "check-first" }
    w:flag { "confirm-later" }
    w:flag { "hut-photos", on = true }
    w:external { "member-check", latency = lognormal(ms(200), ms(40)) }
    w:database { "huts-db", max_connections = 60, cores = 12, connect_time = ms(20),
      statements = { find = { cpu = exponential(ms(20)) }, book = { cpu = exponential(ms(20)), wal = 800 },
        arrive = { cpu = exponential(ms(4)), wal = 300 }, photo = { cpu = exponential(ms(1)) } } }
    local member, find, book = call("member-check", "member"), query("huts-db", "find"), query("huts-db", "book")
    local as_ever = block { transaction("huts-db", { find, member, book }), count("beds_booked") }
    local check_first = block { member, transaction("huts-db", { find, book }), count("beds_booked") }
    w:broker { "desk", topics = { wishes = { partitions = 4, subscription = { to = "booking/confirm", style = "queue",
      consumers = 14, batch = 1, visibility = min(2) } } } }
    w:service { "booking", instances = INSTANCES, workers = 20000, cores = 4, start_up = sec(8), drain = sec(4),
      pool = { to = "huts-db", size = POOL, acquire_timeout = sec(2) },
      calls = { ["member-check"] = { network = 0 } },
      endpoints = {
        book = { compute(ms(2)), when_flag("confirm-later", { publish("desk.wishes") },
          { when_flag("check-first", { check_first }, { as_ever }) }) },
        confirm = { compute(ms(1)), when_flag("check-first", { check_first }, { as_ever }) },
      } }
    w:service { "reception", instances = 2, workers = 32, -- opens a connection for each request
      pool = { to = "huts-db", size = 4, max_idle = 0, acquire_timeout = sec(2) },
      endpoints = { arrive = { compute(ms(2)), query("huts-db", "arrive"),
        when_flag("hut-photos", { query("huts-db", "photo") }) } } }
    w:balancer { "edge", to = "booking" }
    w:client { "wardens", to = "reception/arrive", gives_up = sec(8), rate = per_second(vary("wardens", 1.8, 2.4)) }
    w:client { "hikers", to = "edge/book", gives_up = sec(8), reloads = 0.3, reload_delay = sec(3), rate = crowd() }
  end,

  twin = { set("check-first.on", true) },

  promises = {
    users = { "an answer within 5 s", good = 0.98, within = sec(5), window = min(30), hidden = true },
    data = { { "nobody has two beds", broken = function(s) return s:total("beds_booked", "doubled_total") end } },
    fresh = { { "a wish is confirmed within 4 min", of = "desk.wishes.subscription", within = min(4) } },
  },
  shows = { "beds_booked" },

  alerts = {
    threshold { "booking errors", of = "booking", metric = "errors_total", above = 5, hold = sec(20) },
    threshold { "booking is busy", of = "booking", metric = "cpu", above = 0.8, hold = min(1) },
    threshold { "huts-db is busy", of = "huts-db", metric = "cpu", above = 0.9, hold = min(1) },
  },

  incident = function(i)
    local v = pick { 18, 41, 63, 107 }
    i:red_herring(vary(sec(100), sec(250)), deploy("booking", "v" .. v, { by = pick { "Greta", "deploy bot" }, was = "v" .. v - 1 }))
    i:red_herring(vary(sec(20), sec(80)), pick("early", {
      decoy("huts-db", "backup moved to 03:30", { by = "Luis" }),
      decoy("edge", "access logs kept for 30 days, was 14", { by = "Luis" }),
      decoy("reception", "new names of the huts in the Val Mora", { by = "Nina" }) }))
    i:red_herring(vary(sec(10 * 60 + 30), sec(11 * 60 + 50)), pick("late", {
      decoy("member-check", "mail of the federation: maintenance on Sunday", { by = "federation", final = true }),
      decoy("edge", "mail to 38,000 members: tomorrow the eastern valleys", { by = "Nina", final = true }),
      decoy("huts-db", "index of table arrivals renewed", { by = "Luis" }) }))
    i:at(vary(sec(12 * 60 + 10), sec(13 * 60 + 50)), set("booking.pool.acquire_timeout", min(2), { by = "Luis" }))
    i:at(PAGE + sec(30), ticket("Vroni (members)", pick("words", {
      "\"I pressed at once, on two telephones. The wheel turned until I gave up.\" Ninety of these.",
      "\"I never saw an answer. Now the mail says that I have two beds.\" What do I tell them?" })))
  end,

  people = {
    vroni = { "Vroni", role = "members", desk = true, knows = {
      { "hikers", "They wait eight seconds or so. Then they leave; some try again." },
      { "users", "They wait eight seconds or so. Then they leave; some try again." } } },
    luis = { "Luis", role = "machines", knows = {
      { "booking", "At eight it gave errors: no connection in time, after two seconds. So I let them wait for two minutes. Since then there is no error.",
        when = function(s) return s:param("booking.pool.acquire_timeout") > sec(60) end },
      { "booking", "At eight it gave errors: no connection in time." },
      { "huts-db", "It takes 60 connections, that is how it was bought. A restart would be needed for more." },
      { "reception", "An old program: it opens a connection for each request, and closes it." } } },
    greta = { "Greta", role = "wrote booking", knows = {
      { "booking", "It opens a transaction, looks for the bed, asks member-check, writes the bed, and closes. Two flags are from my drafts: check-first asks before the transaction, confirm-later says \"we have it\" and books in its own time." },
      { "check-first", "It asks member-check first and opens the transaction after that. Tested; nobody needed it." },
      { "confirm-later", "It puts the wish into a line and says so at once. The mail with the bed comes some minutes later. Tested; nobody needed it." },
      { "member-check", "It is the federation's. A fifth of a second, always." } } },
  },
  reactions = {
    { on = "customer", by = "vroni", "A member: I sat here at eight sharp. I would rather hear no than nothing." },
    { by = "luis", when = function(s) return opening(s) and waiting(s) > 1000 and s:now() > PAGE + min(4) end,
      "Still no error from booking. Shall I let them wait for five minutes? The machine has room." },
  },

  expect = {
    at = PAGE,
    moves = {
      ["thousands wait for a connection"] = function(s) return waiting(s) > 4000 end,
      ["work is for those who have left"] = function(s) return gone(s) > 35 end,
      ["one in ten is answered in time"] = function(s) return s:good_of("hikers", min(1)) < 0.15 end,
    },
    normal = {
      ["booking makes no error"] = no_error,
      ["no alert"] = function(s) return not s:alerting() end,
      ["as many beds as ever are booked"] = function(s) return booked(s) > 45 end,
      ["all instances are healthy"] = function(s) return s:service("booking").healthy == INSTANCES end,
      ["booking has little to do"] = function(s) return s:service("booking").cpu < 0.2 end,
      ["the database has little to do"] = function(s) return s:database("huts-db").cpu < 0.45 end,
      ["a connection is kept as long as ever"] = function(s) return kept(s) > 0.21 and kept(s) < 0.27 end,
      ["wardens are well"] = function(s) return s:good_of("wardens", min(1)) > 0.98 end,
    },
  },

  suspects = {
    { "booking.pool", "pool-too-small", right = true, also = { "booking" } },
    { "hikers", "traffic-spike", part = true },
    { "booking.pool", "pool-leak", also = { "booking", "huts-db" },
      reply = "A connection that leaks is not given back. How many bookings does each connection carry in a minute?" },
    { "huts-db", "overload", reply = "A database with too much to do is busy. Is it?" },
    { "member-check", "slow-dependency", also = { "booking" },
      reply = "How long does it take to answer now, and how long did it take at 19:56?" },
    { "booking", "bad-deploy", reply = "It was put out before the first valley opened. How did that opening go?" },
  },
  facts = {
    { "thousands wait for a connection", seen = { "booking:pool", "booking:stacks", "booking.pool:metrics", "booking.pool:metric.pool_waiting" },
      when = function(s) return waiting(s) > 1000 end,
      fits = { "pool-too-small", "pool-leak", "slow-dependency", "overload" },
      tells = "Thousands wait for a connection." },
    { "a session keeps its transaction open for long", seen = "huts-db:sessions",
      when = function(s) return s:database("huts-db").oldest_idle_in_transaction > sec(5) end,
      fits = { "pool-leak" },
      tells = "No session keeps its transaction for as long as a second: each is given back." },
    { "the database is busy", seen = { "status", "huts-db:metrics", "huts-db:metric.cpu" },
      when = function(s) return s:database("huts-db").cpu > 0.8 end,
      fits = { "overload" },
      tells = "The processors of huts-db are mostly idle." },
    { "member-check takes longer than before", seen = { "status", "member-check:metrics" },
      when = function(s) return a_second(s, "member-check", "seconds_total") > 0.3 * a_second(s, "member-check", "requests_total") end,
      fits = { "slow-dependency" },
      tells = "member-check answers in a fifth of a second, as it did all evening." },
    { "bookings fail in the opening after the deploy", seen = { "booking:metric.errors_total", "booking:metric.abandoned_total", "booking:metrics" },
      when = function(s) return s:ago("booking", "errors_total", s:now() - min(9)) + s:ago("booking", "abandoned_total", s:now() - min(9)) > 20 end,
      fits = { "bad-deploy" },
      tells = "At 19:55, after the new version, all went well." },
  },

  steps = {
    find { "since", title = "Since when?", answer = "since",
      say = [[Vroni says that it was so at eight, too. Valleys opened at 19:55, 20:00 and 20:05. When was the
        first member hurt?]],
      near = "Near. In which minute does the first of them come away with nothing?",
      wrong = "What ended badly in the openings before this one? Services keep a count, and a log.",
      solution = { "chart booking --since 15m", "since 20:00" },
      done = { { when = untouched, "At 20:00 booking gave errors for a minute. In this opening it has given none.",
          claims = no_error },
        "At 20:00 booking gave errors for a minute." },
      hints = { "Compare the openings with each other.", "What booking counts, over the last quarter of an hour: errors are one way to be hurt.",
        "chart booking --since 15m, and chart booking.errors_total --since 15m" } },

    find { "whom", title = "Whom does it serve?", of = "share", within = 0.2,
      answer = function(s) return gone(s) / booked(s) end, moot_when = function(s) return gone(s) < 5 end,
      moot = "Nobody's work is thrown away any more. Charts still know how it was.",
      say = { { when = untouched, [[booking has booked {booked} beds a second in the last minute, without an error. Which share of those bookings ended
          when nobody waited for the answer any more?]], claims = no_error },
        [[booking has booked {booked} beds a second in the last minute. Which share of those bookings ended when nobody
          waited for the answer any more?]] },
      near = "Near. Take both numbers over the same minute.",
      wrong = "Of the bookings that were done in the last minute: how many had a caller at their end, and how many had none?",
      solution = { "logs booking", "count booking.abandoned_total --from 1m", "count beds_booked --from 1m" },
      done = { { when = untouched, "The server's work is done, and the people have left. Its log calls that 499.", claims = for_nobody },
        "The server's work was done, and the people had left." },
      hints = { "Done is what a server says. Who hears it?",
        "The log says of each request how it ended. Of those without a caller there is also a count.",
        "count booking.abandoned_total --from 1m, and count beds_booked --from 1m: the one by the other." } },

    find { "where", title = "What does everybody wait for?", answer = "suspect",
      say = { { when = untouched, [[Processors are idle, and members wait. Follow a booking: where does its time go? When you
          know what is short, write down place and mechanism.]], claims = { idle, queued } },
        [[When Vroni called, processors were idle, and members waited. Where did the time of a booking go? Write down place
          and mechanism.]] },
      solution = { "status", "ps booking", "db sessions", "chart booking.errors_total --since 15m",
        "suspect booking.pool pool-too-small because ps, db sessions" },
      done = { { when = untouched, "All connections are taken, all the time, and each is given back after a quarter of a second.",
          claims = function(s) return s:of("booking.pool").pool_in_use == INSTANCES * POOL and kept(s) < 0.3 end },
        "All connections were taken, all the time, and each was given back after a quarter of a second." },
      hints = { "What does a booking need besides a processor?",
        "Two commands show what requests wait for: instances, stacks. And those that have it are sessions of the database.",
        "Four things could make people wait there: see how long a connection is kept, and rule out one after the other.",
        "suspect booking.pool pool-too-small because ps, db sessions" } },

    find { "trigger", title = "What began it?", answer = "trigger", moot = false,
      say = [[Some things were changed this evening. Did one of them begin it? Answer with the number of a change, growth,
        or nothing.]],
      wrong = "When was that, and when was the first member hurt? Was the opening after it well?",
      solution = { "changes", "chart edge.requests_total --since 15m", "trigger growth" },
      done = "Nobody broke anything. The first valley is small; from 20:00 on the whole club comes.",
      hints = { "What was changed stands in a list, with times.", "Which of them came before 20:00, and how did the next opening go?",
        "How many press in a second at 19:55, and how many at 20:00? chart edge.requests_total --since 15m", "trigger growth" } },

    ask { "wait", title = "Two ways to wait",
      say = [[At 20:00 who had waited 2 s for a connection got an error. Then Luis let them wait for 2 minutes, and the
        errors were gone. In which opening did more members get their bed?]],
      choices = {
        { "At 20:05: nobody was refused.", reply = "Nobody was refused. How many heard an answer?" },
        { "At 20:00, with the errors.", right = true,
          reply = [[Yes. As many bookings are done in either. Who waited at most 2 s was still there; who has waited half a
            minute was not.]] },
        { "In both the same: the same 16 connections do the same work.",
          reply = "The same work. For whom?" },
      },
      moot = false,
      hints = { "The same 16 connections work in both. Who is served?", "Members leave after 8 s. The second answer." } },

    predict { "forecast", title = "Before you act", change = "any",
      say = [[Suppose that nobody waits longer for a connection than a person would. Do not change it yet. At the next opening,
        five minutes after your change, compared with now: up, same or down? Answer for example: same, down]],
      of = {
        { "bookings that end with an error, each second", after = min(5), value = function(s) return a_second(s, "booking", "errors_total") end },
        { "bookings done for somebody who has left, each second", after = min(5), value = gone },
      },
      hints = { "Two in three find no connection in time, whatever you do with the line. What do they hear?",
        "Who waits no longer than a person does is still there." } },

    act { "line", title = "A line that ends",
      say = [[Make the line short, and look at the next opening: what booking does must reach the people who asked for it.
        More need not be served yet.]],
      goal = reaches_people, moot_when = function(s) return s:good_for(min(6)) end,
      moot = "All who press are served already: nobody stands in a line.",
      solution = { "set booking.pool.acquire_timeout 2s", "wait 5m" },
      done = { { when = function(s) return a_second(s, "booking", "errors_total") > 20 end,
          "Now {errors} a second get an error, and {booked} a second get a bed and know it. Before, the log was clean and few knew.",
          claims = reaches_people },
        { "{booked} a second get a bed, and hear of it.", claims = reaches_people } },
      hints = { "Somebody made the line long. What did that help?",
        "How long may a booking wait for a connection? config booking.pool says it.",
        "set booking.pool.acquire_timeout, to less than people wait: they leave after 8 s.",
        "set booking.pool.acquire_timeout 2s, then wait 5m" } },

    find { "needed", title = "How many would be enough?", of = "number", within = 0.26,
      answer = function(s) return NEEDED end,
      say = { { when = function(s) return connections(s) < 20 and not short_hold(s) end,
          [[There are {connections} connections, and most who press hear no. In an opening 167 a second press. How many
            connections would be in use at once if each of them found one?]] },
        [[In an opening 167 a second press. As booking was at 20:05: how many connections would have been in use at once if
          each of them had found one?]] },
      near = "Near. Take the time of one booking that did not wait, from its trace, and nothing else.",
      wrong = "How many come in a second, and for how long does each keep its connection?",
      solution = { "traces booking --since 60m", "db sessions" },
      done = [[Arrivals a second x seconds that each is kept = how many at once. It is true of connections, of people in a shop, of
        anything: Little's law.]],
      hints = { "Think of a shop: 10 people come in a minute, each stays 3 minutes. How many are inside?",
        "The time from the first statement to the last: there is a call between them. traces, and then trace ID of one that ended well.",
        "A booking keeps its connection for about 20 + 200 + 20 ms. What is that times 167 a second?" } },

    act { "enough", title = "Enough for all",
      say = [[More connections, less time with each, or a line in which nobody has to stand: ask Greta and Luis what there is,
        and choose. All must be well for five minutes, wardens too, and that spans an opening.]],
      goal = function(s) return s:good_for(min(5)) end,
      solution = { "flag check-first on", "wait 7m" },
      done = { { when = short_hold, "{booked} beds a second, with {connections} connections. None of it was bought.",
          claims = function(s) return connections(s) <= 20 end },
        "All are served." },
      hints = { "Of the 240 ms, in which does the database work?",
        "ask greta booking. And ask luis huts-db, before you make a pool large.",
        "flag lists what there is. Or a pool: the number that you found, some spare, and what the database admits.",
        "flag check-first on, then wait 7m" } },

    say_update { "tell", title = "Tell people",
      say = [[Members wait, and so does Vroni. Who was hurt, since when, how many, how is it now, and when do you write
        again?]],
      needs = { "who", "since", "impact", "state", "next" },
      solution = { "say --who hikers --since 20:00 --impact not known yet --state mitigated --next 20:40" },
      done = "Vroni writes to all who asked, and the wheel stands still.",
      hints = { "Short and true.", "One good opening is a good sign. Another is due.",
        "say --who hikers --since 20:00 --impact not known yet --state mitigated --next 20:40" } },

    act { "verify", title = "Does it stay well?",
      say = [[Two more openings: ten good minutes after your last change. Look at the wardens as well.]],
      goal = function(s) return s:good_for(min(10)) and s:since_change() >= min(10) end,
      solution = { "wait 12m" },
      done = "Two openings, and nobody waited in vain.",
      hints = { "Only time shows it.", "Touch nothing.", "wait 12m" } },

    prevent { "prevent", title = "What would have helped?",
      say = [[Next year there are more members. Which of these would have spared them this evening?]],
      hints = { "No error rose, and no processor was busy.", "What could have been counted before, and what was true at 20:00:20 already?" } },
  },

  values = {
    booked = { "count", booked },
    errors = { "count", function(s) return a_second(s, "booking", "errors_total") end },
    connections = { "count", connections },
    waited = { "count", function(s) return s:highest("booking.pool", "pool_waiting", s:now()) end },
    oldest = { "duration", function(s) return s:highest("booking.pool", "pool_oldest_wait", s:now()) end },
    for_nobody = { "count", function(s) return s:total("booking", "abandoned_total") end },
    beds = { "count", function(s) return s:total("beds_booked") end },
    twice = { "count", function(s) return s:total("beds_booked", "doubled_total") end },
    lost = { "count", function(s) return s:total("hikers", "bad_total") + s:total("wardens", "bad_total") end },
  },

  traps = {
    { "longer", when = function(s) return s:param("booking.pool.acquire_timeout") > min(2) end,
      say = "A booking may wait longer now. How long does the one wait who asked for it?" },
    { "not-enough", when = function(s)
        return opening(s) and s:since_change() > min(1) and waiting(s) > 500 and connections(s) > INSTANCES * POOL
          and connections(s) < NEEDED
      end,
      say = "Better, and not well: there are {connections} connections now, and people still wait for one. How many would be in use if nobody waited?" },
    { "starved", when = starved,
      say = "Wardens are turned away: huts-db admits no more connections. Who has them all? See status, and db sessions." },
    { "turned-away", when = function(s) return s:increase("edge", "limited_total", min(1)) > 500 end,
      say = "Those who are let in are served. Most hear no at once: honest, and not yet a bed." },
  },

  fixes = {
    { "ask before the transaction", { "flag check-first on", "wait 6m" },
      says = [[A booking keeps its connection for 40 ms instead of 240: 167 x 0.04 = 7 connections at once. The database
        does the same work; nobody holds a connection while somebody else thinks.]] },
    { "as many connections as the product says", { "set booking.pool.size 24", "wait 6m" },
      says = "2 x 24 = 48: the 40 of Little's law and some spare, and with the wardens' less than the 60 that the database admits." },
    { "a line that nobody stands in", { "flag confirm-later on", "wait 6m" },
      says = [[Members hear "we have it" at once and go. The line is as long as before, and takes three minutes to work off;
        as nobody waits at its end, that hurts nobody. An average of 33 a second is what 16 connections have to carry.]] },
  },
  wrong = {
    { "wait even longer", { "set booking.pool.acquire_timeout 5m", "wait 6m" }, harm = "nothing",
      used = function(s) return s:changed() and s:param("booking.pool.acquire_timeout") > min(2) end,
      says = "Members leave after 8 s, whatever the server does. A longer wait makes more work for nobody." },
    { "the limit on waiting again, no more", { "set booking.pool.acquire_timeout 2s", "wait 6m" }, harm = "partial",
      used = function(s)
        return s:changed() and s:param("booking.pool.acquire_timeout") < sec(8) and connections(s) < NEEDED and not short_hold(s)
      end,
      says = "The same 67 bookings a second, now for people who are still there: first aid. Two in three hear no." },
    { "turn most away at the edge", { "limit edge 60", "wait 6m" }, harm = "partial",
      says = "As many are let in as can be served, and these are. It is the same first aid, one door earlier." },
    { "twice the instances", { "scale booking 4", "wait 6m" }, harm = "partial",
      used = function(s) local n = s:param("booking.instances") return n > INSTANCES and n * s:param("booking.pool.size") < NEEDED end,
      says = "They bring 2 x 8 connections more, and nothing else of what they bring was short: 32 where 40 are needed." },
    { "three times the instances", { "scale booking 6", "wait 6m" }, harm = "costly",
      price = function(s) return s:param("booking.instances") > 4 end,
      says = "6 x 8 = 48 connections are enough. Four more machines stand idle for the sake of a number in a file." },
    { "a pool that is surely large enough", { "set booking.pool.size 50", "wait 6m" }, harm = "worse", client = "wardens",
      used = function(s) return connections(s) > 60 end,
      says = "booking took all 60 connections of huts-db and kept them, idle ones, too. Wardens got none, opening or not." },
    { "many instances", { "scale booking 10", "wait 6m" }, harm = "worse", client = "wardens",
      says = "10 x 8 = 80, and huts-db admits 60. What booking holds, wardens do not get." },
    { "restart", { "restart booking --rolling", "wait 6m" }, harm = "nothing",
      says = "The line was gone, with all who stood in it. Five minutes later there was a new one." },
    { "take back the new version", { "rollback booking", "wait 6m" }, harm = "nothing",
      says = "It had been out when the first valley opened, and that went well." },
    { "a faster database", { "set huts-db.cores 24", "wait 12m" }, harm = "nothing",
      says = "It was idle for most of the time: those who had a connection waited for member-check." },
  },

  prevention = {
    { "Before the season: arrivals x hold time, for the largest crowd, against the pool", right = true, effort = "an hour",
      with = { set("booking.pool.size", 24) },
      reply = "Yes. 10,000 in a minute x 0.24 s is 40. It can be known without a single test." },
    { "No call to somebody else inside a transaction", right = true, effort = "two days",
      with = { set("check-first.on", true) },
      reply = "Yes. A connection is the scarcest thing here. It was kept for six times as long as it was used." },
    { "An alert when hundreds wait for a connection", right = true, effort = "an hour",
      alert = threshold { "people wait for a connection", of = "booking.pool", metric = "pool_waiting", above = 150, hold = sec(10) },
      reply = "Yes. It rings in the first minute after eight, and it does not fall silent when the errors do." },
    { "An alert on errors of booking", effort = "there already",
      reply = "There is one. It fired at 20:00, and a longer wait made it silent." },
    { "Two minutes for every wait, so that nobody gets an error", effort = "one line",
      with = { set("booking.pool.acquire_timeout", min(2)) },
      reply = "That was this evening, from eight on." },
  },

  debrief = [[
    Ten thousand people in a minute are 167 a second. Each booking kept a connection for 240 ms, and for 200 of these it
    waited for member-check. 167 x 0.24 = 40 at once. There were 16. Nothing was slow and nothing was broken.

    At 20:00 two in three waited 2 s and got an error. That looked bad, and one in three got a bed. Then the limit on
    waiting was raised, and the errors ended. The line grew by 100 a second. After some seconds whoever reached its
    head had left. The same 67 bookings a second were done, nearly all for nobody, and some for people who had tried
    again and now have two beds.

    So each number of the server was well: no errors, healthy, idle, as many beds as ever. What it did not count was who
    was still there. A line is good for what comes unevenly and is gone soon. When it is longer than people wait, it only
    decides who is served: those who have left.

    Then there are three ways. Keep each connection for less time, have as many as the product says, or let nobody stand
    in the line. And a limit on waiting in any case, for the night on which the sum is wrong.
  ]],
  sums = {
    "Arrivals: 10,000 / 60 s = 167/s. Kept: 20 ms + 200 ms + 20 ms = 240 ms. At once: 167 x 0.24 = 40 connections.",
    "As it was built: 2 x 8 = 16 connections; 16 / 0.24 = 67 bookings a second.",
    "The line: 167 - 67 = 100 more each second; after 12 s 1,200 wait, and 1,200 / 67 = 18 s is the wait.",
    "Asked before the transaction: 167 x 0.04 = 7. On average, over five minutes: 33/s x 0.24 = 8.",
    "This run: up to {waited} in line, the first of them for {oldest}.",
    "This run: {beds} beds booked, {for_nobody} requests ended without a caller, {twice} beds booked twice; {lost} answers late or never.",
  },
  real = {
    { "Facebook, 2015: in many of the worst incidents large numbers of requests sat in queues; the limits on waiting that came of it",
      "https://queue.acm.org/detail.cfm?id=2839461" },
    { "Amazon DynamoDB, 20 September 2015: requests took longer than their callers waited, and the callers asked again",
      "https://aws.amazon.com/message/5467D2/" },
  },
  glossary = {
    ["Little's law"] = "How many are inside = how many come in a second x how many seconds each stays.",
    ["hold time"] = "How long one request keeps what others wait for.",
    ["499"] = "What some servers write into their log when the caller has left before the answer.",
    ["load shedding"] = "Turning some away at once, so that the others are served in time.",
  },
}
