-- Sixty seconds: values that were written together expire together, and the crowd that
-- finds nothing asks the database, all of it. A mail brings ten times the visitors; the same
-- cache, with the same minute, was well before.

local INSTANCES, POOL = 4, 20
local KEYS, TOGETHER = 24, 6 -- values in the cache, and how many of them a page needs

-- What texts claim.
local function untouched(s) return not s:changed() end
local function bursts(s) return s:bad(min(2)) > 50 end
local function few_misses(s) return s:keyspace("seats-cache.avail").hit_ratio > 0.9 end
local function well(s) return s:good_for(min(3)) end
local function queries(s) return s:increase("bookings-db.seats", "calls_total", min(2)) end
local function crowd(s) return s:rate("visitors", "visits_total", min(2)) end

local READERS = { "60,000", "48,000", "75,000" }

return lesson {
  id = "cache-stampede",
  title = "Sixty seconds",
  track = "fail",
  minutes = 20,
  level = 2,
  summary = "A seat-booking site fails for a few seconds in every minute, with a hit ratio of 96 %.",
  post = {
    title = "Caching Is Easy. Production Caching Is Not.",
    url = "https://www.thetruecode.com/the-true-code-of-production-systems/caching-is-easy-production-caching-is-not/",
    basis = "opening",
  },
  teaches = {
    "keys written together expire together",
    "a hit ratio is a mean: it hides the second in which everybody misses",
    "one load at a time, or an old value while it loads",
  },

  day_start = "09:54",
  starts_at = min(8),
  ends_at = min(26),
  good_for = min(5),

  place = [[
    Handwerk is a site where people book seats in workshops: bread, bookbinding, bicycle
    repair. The number of free seats that it shows may be 90 s old, not older, or two people
    buy one seat. Behind the site are a cache and a database. Lene runs the programme, Tomas
    sits at the front desk, Priya wrote the booking service.
  ]],
  page = [[
    "Seats: the error budget burns twice too fast." It rang, went quiet, and rings again.
    On the wall of the office hangs one number: the cache's hit ratio, well above 90 %.
  ]],
  tools = { "status", "chart", "count", "cache", "db", "ps", "logs", "traces", "changes", "config", "set", "flag",
    "suspect", "trigger", "say", "wait" },

  world = function(w)
    local v = pick("version", { 30, 47, 112 })
    w:flag { "seats-counter" }
    w:counter { "bookings" }
    w:database { "bookings-db", max_connections = 100, cores = 8, connect_time = sec(0), -- pools are warm
      statements = {
        seats = { cpu = ms(250) },          -- counts the rows of all bookings
        ["seats-counted"] = { cpu = ms(5) },-- reads one column
        save = { cpu = exponential(ms(6)) },
      } }
    w:cache { "seats-cache", keyspaces = {
      avail = { keys = KEYS, per_lookup = TOGETHER, popularity = 5, ttl = sec(60), store_if_absent = true,
        filled_at_start = true, prefix = "ws-" } } }
    local view = { compute(ms(2)), cached("seats-cache", "avail", {
      when_flag("seats-counter", { query("bookings-db", "seats-counted") }, { query("bookings-db", "seats") }) }) }
    local book = { compute(ms(3)), query("bookings-db", "save"), count("bookings") }
    w:service { "booking", instances = INSTANCES, workers = 256,
      pool = { to = "bookings-db", size = POOL, acquire_timeout = sec(3) },
      versions = { { "v" .. v, view = view, book = book }, { "v" .. v + 1, view = view, book = book } } }
    w:balancer { "edge", to = "booking" }
    local mail = vary("mail", min(2), min(3))
    w:client { "visitors", to = "edge/view", gives_up = sec(8), rate = vary("crowd", 81, 85) / 10 }
    w:client { "bookers", to = "edge/book", gives_up = sec(8),
      rate = points { base = 2, { sec(0), 0.1 }, { mail, 0.1 }, { mail + sec(30), 1 } } }
  end,

  promises = { users = { "seats or a booking within 2 s, seats at most 90 s old", good = 0.99,
    within = sec(2), max_age = sec(90), window = min(30) } },
  shows = { "bookings" },

  alerts = {
    burn { "seats: budget burns", factor = 2, long = min(2), short = sec(30), page = true },
    threshold { "booking waits for connections", of = "booking.pool", metric = "pool_waiting", above = 50 },
    threshold { "hit ratio low", of = "seats-cache.avail", metric = "hit_ratio", below = 0.85 },
  },

  incident = function(i)
    local mail, v = vary("mail", min(2), min(3)), pick("version", { 30, 47, 112 })
    i:cause(mail, fault("visitors", "spike", { factor = 10 })) -- who comes of the mail
    i:at(mail, decoy("edge", "mail to " .. pick("readers", READERS) .. " readers: six new workshops", { by = "Lene", final = true }))
    i:red_herring(vary("herring", min(3), min(6)), pick("which", {
      deploy("booking", "v" .. v + 1, { by = pick("deployed", { "deploy bot", "Priya" }) }),
      decoy("bookings-db", "backup moved to 10:30", { by = "Ana" }),
      decoy("seats-cache", "security update of the cache's machine", { by = "Ana" }),
    }))
    i:at(min(8), page("Seats: the error budget burns twice too fast."))
    i:at(min(8) + sec(20), ticket("Tomas (front desk)",
      pick("words", { "People say the seats stay empty. They try again, and it works.",
                      "Some see no free seats and call us. While they talk it works again." })))
    i:at(min(8) + sec(45), ticket("Lene (programme)", "Bookings come in, then none for some seconds, then they come again. Is it the mail?"))
  end,

  people = {
    lene = { "Lene", role = "programme", knows = {
      { "mail", "It went to all our readers. Most of them come for the six new workshops." },
      { "edge", "It went to all our readers. Most of them come for the six new workshops." } } },
    tomas = { "Tomas", role = "front desk", desk = true, knows = {
      { "users", "They say: the seats stay empty for some seconds, then all is well, then again. Like a clock.",
        when = function(s) return s:good(min(2)) < 0.99 end },
      { "users", "Nobody has called in the last minutes.",
        when = function(s) return s:good(min(2)) >= 0.99 end } } },
    priya = { "Priya", role = "wrote the booking service", knows = {
      { "seats-cache", "It keeps the free seats of each workshop for a while, so that not every look asks the database." },
      { "bookings-db", "It counts the free seats. That takes some work, so we do not want to ask it too often." },
      { "booking", "It looks into the cache first, and asks the database for what is not there." } } },
  },
  reactions = {
    { on = "customer", by = "tomas", "Somebody stands here at the desk: on his telephone the seats did not load. Now he goes to the other house." },
  },

  expect = {
    at = min(8),
    moves = {
      ["the database is full for seconds"] = function(s) return s:highest("bookings-db", "cpu", sec(10)) > 0.99 end,
      ["hundreds wait for a connection"] = function(s) return s:pool("booking.pool").pool_waiting > 300 end,
      ["views fail in a burst"] = function(s) return s:good(sec(10)) < 0.9 end,
    },
    normal = {
      ["the hit ratio looks well"] = function(s) return s:keyspace("seats-cache.avail").hit_ratio > 0.92 end,
      ["the database's mean looks idle"] = function(s) return s:mean("bookings-db", "cpu", min(3)) < 0.3 end,
      ["no more visitors than before"] = function(s) return s:rate("visitors", "visits_total", min(1)) < 95 end,
      ["booking's own cpu is low"] = function(s) return s:service("booking").cpu < 0.3 end,
      ["all instances are up"] = function(s) return s:service("booking").healthy == INSTANCES end,
      ["no seats are too old"] = function(s) return s:increase("visitors", "stale_total", min(1)) == 0 end,
    },
  },

  suspects = {
    { "seats-cache", "expires-together", right = true, also = { "seats-cache.avail" } },
    { "bookings-db", "overload", part = true },
    { "seats-cache", "cold-cache", also = { "seats-cache.avail" },
      reply = "How many of the lookups does the cache answer?" },
    { "booking.pool", "pool-too-small", also = { "booking" },
      reply = "With more connections more queries would run at once. What does the database do while people wait?" },
    { "edge", "traffic-spike", also = { "visitors" },
      reply = "How many come now, and how many came some minutes ago?" },
    { "booking", "bad-deploy", reply = "A version that fails, fails all the time. When do views fail?" },
  },
  facts = {
    { "the database is full for seconds and idle between", seen = "bookings-db:metric.cpu",
      when = function(s) return s:highest("bookings-db", "cpu", min(3)) > 0.99 and s:mean("bookings-db", "cpu", min(3)) < 0.4 end,
      fits = { "expires-together", "cold-cache", "overload" },
      tells = "The database is full for a few seconds in each minute, and idle between." },
    { "keys that are read together were written together", seen = { "seats-cache:keys", "seats-cache.avail:keys" },
      when = function(s)
        return s:param("seats-cache.avail.jitter") == 0 and not s:param("seats-cache.avail.single_flight")
      end,
      fits = { "expires-together", "cold-cache" },
      tells = "Six keys were written in the same instant, and live equally long." },
    { "the cache answers little", seen = { "status", "seats-cache.avail:metrics", "seats-cache:metrics" },
      when = function(s) return s:keyspace("seats-cache.avail").hit_ratio < 0.5 end,
      fits = { "cold-cache" },
      tells = "The cache answers more than nine lookups in ten: it is not empty." },
    { "more people come than some minutes ago", seen = { "visitors:metrics", "visitors:metric.visits_total", "edge:metric.requests_total" },
      when = function(s) return s:rate("visitors", "visits_total", min(1)) > 1.2 * s:rate("visitors", "visits_total", min(4)) end,
      fits = { "traffic-spike" },
      tells = "As many people come now as some minutes ago." },
  },

  steps = {
    ask { "first", title = "What do you do first?",
      say = [[It rang, went quiet, and rang again. At this moment most people are served. What do you do first?]],
      choices = {
        { "Close it: it repairs itself.",
          reply = "It did, and it came back. What comes back has a reason." },
        { "Empty the cache; a fresh start often helps.",
          reply = "Then every value has to be loaded again, at once. Find out first what fails." },
        { "Touch nothing. Find out who is hurt, and when.", right = true,
          reply = "Yes. What comes and goes is best told by its times." },
      },
      hints = { "You have one number, and no times yet.", "What would you need to know before you change anything?" } },

    find { "hurt", title = "Who is hurt?", answer = "hurt", moot = false,
      say = [[Two groups of people use the site: visitors look at seats, bookers book them. Look at both over the last
        minutes. Who is hurt: one of them by name, or everybody?]],
      wrong = "What do you see of each group? Each has its own counter of what went badly.",
      solution = { "chart visitors.bad_total --since 6m", "chart bookers.bad_total --since 6m", "hurt everybody" },
      done = "That is the first line of your incident sheet; the command sheet shows it.",
      hints = { "Users first, then machines.", "bad_total counts what broke the promise: too slow, failed, or too old.",
        "chart visitors.bad_total --since 6m, then the same of bookers." } },

    find { "rhythm", title = "When does it come again?", of = "number", within = 0.15, watch = true,
      answer = function(s) return s:param("seats-cache.avail.ttl") / sec(1) + 2 end,
      say = [[Let time go on until it happens before your eyes: a minute and a half is enough. Then: how many seconds
        are there from the beginning of one burst of failures to the beginning of the next?]],
      near = "Near. Take more than two bursts: from the first to the last, divided by the steps between.",
      wrong = "From the beginning of one burst to the beginning of the next: a chart of some minutes shows several.",
      solution = { "wait 90s", "chart visitors.bad_total --since 6m" },
      done = { { when = untouched, "A few seconds of failures, then most of a minute of calm, again and again: {bad} bad requests in the last two minutes.",
          claims = bursts },
        "Until you changed something: a few seconds of failures, then most of a minute of calm, again and again." },
      hints = { "Not how many in all: how many in each second.",
        "A chart of the users' failures over six minutes names the times of the bursts.",
        "wait 90s, then chart visitors.bad_total --since 6m" } },

    find { "where", title = "What else has this rhythm?", answer = "suspect",
      say = { { when = untouched, [[Something inside the system comes and goes at the same times. Find it, and then find out what makes
          it come. Write down the place and the mechanism that you suspect.]],
          claims = bursts },
        [[Something inside the system came and went at the same times. Charts still show the minutes before your change.
          Write down the place and the mechanism that you suspect.]] },
      solution = { "chart bookings-db.cpu --since 3m", "cache", "cache ttl avail:ws-*",
        "suspect seats-cache expires-together because chart bookings-db.cpu, cache ttl" },
      done = "Several keys, which each page needs, were written in the same instant. So they end in the same instant.",
      hints = { "Which part is busy only when users fail? A mean over a minute does not show it.",
        "Who asks the database, and why only then? Each value has a time at which it was written.",
        "chart bookings-db.cpu --since 3m, then cache, then cache ttl avail:ws-*. Which keys were written together?",
        "suspect seats-cache expires-together because chart bookings-db.cpu, cache ttl" } },

    find { "trigger", title = "What began it?", answer = "trigger", moot = false,
      say = [[It was not always so. What happened shortly before the first burst, and could have to do with it? Answer
        with the number of a change, growth, or nothing.]],
      replies = {
        { "booking", "When was it put out, and when was the first burst?" },
        { "bookings-db", "When was that, and when was the first burst?" },
        { "seats-cache", "When was that, and when was the first burst?" },
        { "growth", "The number of visitors did not creep up. Where does it jump?" } },
      wrong = "Compare its time with that of the first burst, and with the number of visitors.",
      solution = { "changes", "trigger edge" },
      done = "The mail went out, and ten times as many came. The crowd is welcome: what has to change is what it meets.",
      hints = { "There is a list of what was done, with times.", "Put the chart of visits beside that list.",
        "changes, then chart visitors.visits_total --since 10m", "trigger edge" } },

    ask { "ratio", title = "The number on the wall",
      say = { { when = few_misses, [[The cache answers {hits} of all lookups. How can the database be full all the same?]], claims = few_misses },
        [[When it rang, the cache answered more than 90 % of all lookups. How could the database be full all the same?]] },
      choices = {
        { "The number is wrong.", reply = "It is right. It answers a question that does not help here." },
        { "It is a mean over a minute, and the misses fall into a few seconds of it.", right = true,
          reply = "Right. For most of the minute nobody misses. Then nearly everybody does." },
        { "It is too low; it should be 99 %.",
          reply = "A crowd ten times larger would show a higher ratio and hurt more. The mean is the wrong shape." },
      },
      hints = { "A mean over what?", "When do the misses come?" } },

    find { "copies", title = "How often is one thing asked?", of = "number", within = 0.25, answer = queries,
      say = [[The database keeps a count of each of its statements. How often did it run the one for seats in the last two
        minutes?]],
      wrong = "Of the statement seats, over two minutes.",
      solution = { "count bookings-db.seats.calls_total --from 2m" },
      done = { { when = untouched, "{ran} times in two minutes. There are 24 values, which live a minute each: about 48 loads would do. The others asked what somebody was asking already.",
          claims = function(s) return s:increase("bookings-db.seats", "calls_total", min(2)) > 120 end },
        "There are 24 values, which live a minute each: about 48 loads in two minutes would do. Before your change it ran some hundreds." },
      hints = { "A total, not a rate.", "A statement of the database is a part of it, with counters of its own: DATABASE.STATEMENT.",
        "count bookings-db.seats.calls_total --from 2m" } },

    predict { "forecast", title = "Before you act", change = "any",
      say = [[Choose your change, but do not make it yet. Three minutes after it, compared with now: will these
        go up, stay the same, or go down? Answer for example: up, same]],
      of = {
        { "seat queries the database runs in two minutes", value = queries, after = min(3) },
        { "bad requests in two minutes", value = function(s) return s:bad(min(2)) end, after = min(3) },
      },
      hints = { "Does it make room for more queries, or need fewer?", "What happens to those who find nothing, the second time?" } },

    act { "stop", title = "Stop it",
      say = [[Make it well for three minutes: that is three ends of a minute, not one. Seats must not be older than
        90 s.]],
      goal = well,
      solution = { "set seats-cache.avail.single_flight on", "wait 4m" },
      done = { { "Three minutes without a burst. In the last two the database ran {ran} seat queries.", claims = well } },
      hints = { "Do not make room for many copies of one question. Ask it once.",
        "What may happen to those who come while a value is being loaded? The cache has settings for that, and so has the query.",
        "config seats-cache.avail shows its settings; flag shows what Priya left behind.",
        "set seats-cache.avail.single_flight on, then wait 4m" } },

    say_update { "tell", title = "Tell people",
      say = [[Tomas has people on the phone, and Lene waits to hear whether she may send another mail. Post an update:
        who is hurt, since when, how many, how it stands, and when you write again.]],
      needs = { "who", "since", "impact", "state", "next" },
      solution = { "say --who everybody --since 09:58 --impact unknown --state mitigated --next 10:30" },
      hints = { "Five short fields. \"Not known yet\" is an answer. Three calm minutes are not yet a proof.",
        "A chart of the users' failures shows the first burst.",
        "say alone asks for one field after the other." } },

    act { "verify", title = "Does it stay well?",
      say = [[It came once a minute, so a calm minute proves little. Let it go on until five minutes have been well since
        your change, and look at the database meanwhile: that is where it would show first.]],
      goal = function(s) return s:good_for(min(5)) and s:since_change() >= min(5) end,
      solution = { "wait 3m" },
      done = { { "Five good minutes with the whole crowd: {crowd} visits a second.",
        claims = function(s) return s:good_for(min(5)) end } },
      hints = { "How many ends of a minute have passed since your change?", "Only time shows it.",
        "wait 3m, then chart bookings-db.cpu" } },

    prevent { "prevent", title = "What would have prevented it?",
      say = [[Another mail will come. Which of these would have kept the site well, or warned you?]],
      hints = { "Which of these changes what happens in those few seconds, or shows it?", "A mean did not show it." } },
  },

  values = {
    bad = { "count", function(s) return s:bad(min(2)) end },
    hits = { "share", function(s) return s:keyspace("seats-cache.avail").hit_ratio end },
    ran = { "count", queries },
    crowd = { "count", crowd },
    lookups = { "count", function(s) return TOGETHER * crowd(s) end },
    copies = { "count", function(s) return 2.5 * crowd(s) end },
    asked = { "count", function(s) return TOGETHER * 2.5 * crowd(s) end },
    all_ran = { "count", function(s) return s:total("bookings-db.seats", "calls_total") end },
    stored = { "count", function(s) return s:total("seats-cache.avail", "stores_total") end },
    lost = { "count", function(s) return s:total("visitors", "bad_total") + s:total("bookers", "bad_total") end },
  },

  traps = {
    { "instances", when = function(s) return s:instances("booking") > INSTANCES end,
      say = "More instances ask for more connections, and the database has 100. booking itself was never busy. Watch db: refused." },
    { "bigger-pool", when = function(s) return s:param("booking.pool.size") > POOL end,
      say = "Now more copies of the same query run at once, on the same 8 cores. So each takes longer, and more people miss meanwhile." },
    { "short-life", when = function(s) return s:param("seats-cache.avail.ttl") < sec(30) end,
      say = "A shorter life does not make a smaller crowd at its end. It makes the end come more often." },
    { "long-life", when = function(s) return s:param("seats-cache.avail.ttl") > sec(90) end,
      say = "Fewer expiries. But from 90 s on people see seats that may be gone: these views are bad too." },
    { "jitter", when = function(s) return s:param("seats-cache.avail.jitter") > 0 and not s:param("seats-cache.avail.single_flight") end,
      say = "Now the six keys end some seconds apart. Watch how long the database is full: each key brings its own crowd." },
  },

  fixes = {
    { "one load at a time", { "set seats-cache.avail.single_flight on" },
      says = "The first that finds nothing loads; the others wait a quarter of a second for it. Six queries at an expiry." },
    { "an old value while it loads", { "set seats-cache.avail.stale_while_revalidate 30s" },
      says = "For 30 s after its end a value is still given out while one load runs. Nobody waits, and 60 + 30 s keeps the promise of 90 s." },
    { "a counter column", { "flag seats-counter on" },
      says = "The query takes 5 ms. Everybody may miss at once: the reload is over before a crowd has gathered." },
  },
  wrong = {
    { "more instances", { "scale booking 12" }, harm = "worse",
      used = function(s) return s:instances("booking") > INSTANCES end,
      says = "booking had nothing to do. Twelve pools of 20 want 240 connections and the database gives 100: more copies ran at once, and the other instances got none and failed." },
    { "twice the pool, twice the limit", { "set bookings-db.max_connections 200", "restart bookings-db", "set booking.pool.size 40" }, harm = "worse",
      says = "160 queries on 8 cores take 5 s each instead of 2.5. For twice as long everybody finds nothing: twice as many copies." },
    { "a life of 5 s", { "set seats-cache.avail.ttl 5s" }, harm = "worse",
      says = "The same crowd, every seven seconds instead of every 62: the next expiry comes before the last one is worked off." },
    { "a life of 10 min", { "set seats-cache.avail.ttl 10m" }, harm = "worse",
      says = "No misses, and seats up to ten minutes old. People chose seats that were gone." },
    { "a life of 90 s", { "set seats-cache.avail.ttl 90s", "wait 5m" }, harm = "partial",
      says = "Each expiry is as bad as before; there are fewer of them." },
    { "a little jitter", { "set seats-cache.avail.jitter 5%" }, harm = "worse",
      used = function(s) return s:param("seats-cache.avail.jitter") > 0 end,
      says = "The keys end some seconds apart instead of at once. A reload under load takes over two seconds, so each key's crowd meets the queue of the one before, and a page needs all six. Far enough apart it helps a little, never reliably." },
    { "flush when it fails", { "flush seats-cache", "wait 20s", "flush seats-cache", "wait 20s", "flush seats-cache", "wait 20s", "flush seats-cache" }, harm = "worse",
      says = "A flush is an expiry of all keys at once, at a moment of your choice." },
  },

  prevention = {
    { "A load test with the real crowd, longer than one lifetime of a key.", right = true, effort = "a day",
      reply = "Yes. A test of 50 seconds would have passed." },
    { "A column that counts free seats, so that the query takes 5 ms.", right = true, effort = "two days",
      with = { set("seats-counter.on", true) },
      reply = "Yes. A cache in front of a slow query hides it until the cache is empty." },
    { "A chart of misses a second, next to the hit ratio.", right = true, effort = "an hour",
      reply = "Yes. The misses stand out of the chart once a minute." },
    { "An alert on a hit ratio below 85 %.", effort = "there already",
      reply = "You have one. It was silent all morning: the mean never fell that low." },
    { "A shorter life for the values: 30 s.", effort = "one line", with = { set("seats-cache.avail.ttl", sec(30)) },
      reply = "The crowd comes at the end of each life, and there would be twice as many ends." },
  },

  debrief = [[
    Each page of a workshop needs six values, and the first visitor loads all six: they are written in the same instant,
    to live 60 s. When they ended, everybody found nothing, and everybody asked the database.

    80 queries ran at once on 8 cores. Each took 2.5 s instead of a quarter of a second, and for 2.5 s nobody had a
    value to find. That is the loop: the slower the reload, the more copies of it are asked for.

    Queries that came back late were thrown away: the value was there already. Before the mail a tenth of the crowd
    came, and the same cache had the same minute: nobody saw it. The mail was no mistake.

    The hit ratio was true and did not help. It is a mean over a minute, and this lasted seconds. Misses a second,
    or the highest value in ten seconds, show it.

    What would have prevented it: one load at a time for a key (or old values while it loads) from the first day, a
    query that is cheap without the cache, and a load test longer than one lifetime.
  ]],
  sums = {
    "{crowd} visits/s x 6 values = {lookups} lookups/s. When the six are gone, all of these miss.",
    "As it was built: 4 instances x 20 connections = 80 queries at once; 80 x 250 ms / 8 cores = 2.5 s.",
    "{crowd} visits/s x 2.5 s = {copies} people ask for each of the six: {asked} questions, where 6 would do.",
    "8 cores / 250 ms = 32 queries/s: 80 take 2.5 s, the next 80 too; who waits 3 s for a connection gives up.",
    "This run: {all_ran} seat queries, {stored} values written, {lost} bad requests.",
  },
  real = {
    { "Wikipedia, June 2009: after Michael Jackson's death many servers parsed the same article at once",
      "https://wikitech.wikimedia.org/wiki/Michael_Jackson_effect" },
    { "Facebook, September 2010: every client saw a bad cached value and asked the databases to repair it",
      "https://docs.microsoft.com/en-us/archive/blogs/architectsrule/facebook-more-details-on-todays-outage" },
  },
  glossary = {
    ["hit ratio"] = "The share of lookups that found a value. A mean over some time.",
    ["single flight"] = "Of many who miss the same key, one loads it; the others wait for its answer.",
    ["stale while revalidate"] = "After its end a value is still given out for a while, as one load in the background fetches a new one.",
  },
}
