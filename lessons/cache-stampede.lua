-- Sixty seconds: values that were written together expire together, and the crowd that
-- finds nothing asks the database, all of it. Six keys, 18 loads needed in three minutes;
-- the database runs about 750.

local INSTANCES, POOL = 4, 20

-- What texts claim: bad views come in bursts as long as nobody changed anything.
local function untouched(s) return not s:changed() end
local function bursts(s) return s:bad(min(2)) > 50 end

return lesson {
  id = "cache-stampede",
  title = "Sixty seconds",
  track = "fail",
  minutes = 20,
  level = 2,
  summary = "A seat-booking site fails for a few seconds in every minute, with a hit ratio of 96 %.",
  post = {
    title = "Caching Is Easy. Production Caching Is Not.",
    url = "https://www.thetruecode.com/",
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
    repair. Free seats are read from a cache. What it shows may be 90 s old, not older, or
    two people buy one seat. Lene runs the programme, Tomas sits at the front desk, Priya
    wrote the booking service. This morning a mail announced six new workshops.
  ]],
  page = [[
    "Seats: the error budget burns twice too fast." It rang, went quiet, and
    rings again. The hit ratio of the cache on the wall is 96 %.
  ]],
  tools = { "status", "chart", "cache", "db", "ps", "traces", "changes", "config", "set", "flag", "say", "wait" },

  world = function(w)
    w:flag { "seats-counter" }
    w:counter { "bookings" }
    w:database { "bookings-db", max_connections = 100, cores = 8, connect_time = sec(0), -- pools are warm
      statements = {
        seats = { cpu = ms(250) },          -- counts the rows of all bookings
        ["seats-counted"] = { cpu = ms(5) },-- reads one column
        save = { cpu = exponential(ms(6)) },
      } }
    w:cache { "seats-cache", keyspaces = {
      avail = { keys = 24, per_lookup = 6, popularity = 5, ttl = sec(60), store_if_absent = true,
        filled_at_start = true, prefix = "ws-" } } }
    w:service { "booking", instances = INSTANCES, workers = 256,
      pool = { to = "bookings-db", size = POOL, acquire_timeout = sec(3) },
      endpoints = {
        view = { compute(ms(2)), cached("seats-cache", "avail", {
          when_flag("seats-counter", { query("bookings-db", "seats-counted") }, { query("bookings-db", "seats") }) }) },
        book = { compute(ms(3)), query("bookings-db", "save"), count("bookings") },
      } }
    w:balancer { "edge", to = "booking" }
    local mail = vary("mail", min(2), min(3))
    w:client { "visitors", to = "edge/view", gives_up = sec(8),
      rate = points { base = vary("crowd", 81, 85), { sec(0), 0.1 }, { mail, 0.1 }, { mail + sec(30), 1 } } }
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

  twin = { set("seats-cache.avail.single_flight", true) },

  incident = function(i)
    i:at(vary("mail", min(2), min(3)), decoy("edge", "mail to 60,000 readers: six new workshops", { by = "Lene", final = true }))
    i:red_herring(vary("herring", min(3), min(6)), pick("which", {
      deploy("booking", "v31", { by = "deploy bot", was = "v30" }),
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
      { "mail", "It went to 60,000 readers, as each spring. They come for the new workshops." } } },
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
    { on = "customer", by = "tomas", "Somebody stands here at the desk: on his telephone the seats do not load. Now he goes to the other house." },
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
      say = [[The page rang, went quiet, and rang again. Right now most things may look well. What
        do you do first?]],
      choices = {
        { "Close it: it repairs itself.",
          reply = "It did, and it came back. What comes back has a reason." },
        { "Flush the cache; a fresh start often helps.",
          reply = "Then every value has to be loaded again, at once. Find out first what fails." },
        { "Find out who is hit, how badly, and in which rhythm.", right = true,
          reply = "Yes. Something that comes and goes tells you more by when than by how much." },
      },
      hints = { "You have one number, and no times yet.", "The third answer." } },

    find { "rhythm", title = "How often does it come?", of = "number", within = 0.15,
      answer = function(s) return s:param("seats-cache.avail.ttl") / sec(1) + 2 end,
      say = [[Look at the users first, over several minutes: which chart shows their failures? How many seconds
        are there from one burst of failures to the next?]],
      near = "Near. Take more than two bursts: from the first to the last, by the number of steps between.",
      wrong = "From the beginning of one burst to the beginning of the next: a chart of some minutes shows several.",
      solution = { "chart visitors.bad_total --since 6m" },
      done = { { when = untouched, "A few seconds of failures, then nearly a minute of calm, again and again: {bad} bad views in two minutes. Since the mail the number of visits is flat.",
          claims = bursts },
        "Until you changed something: a few seconds of failures, then nearly a minute of calm, again and again. Since the mail the number of visits is flat." },
      hints = { "Not how many in all: how many each second.",
        "A chart of the users' failures.",
        "bad_total counts what broke the promise: too slow, failed, or too old.",
        "chart visitors.bad_total --since 6m" } },

    find { "where", title = "What has the same rhythm?", answer = "suspect",
      say = { { when = untouched, [[Something else in this system moves once a minute. Find it, and look at single
          keys of the cache: when were they written? When you know, write down place, mechanism and why.]],
          claims = bursts },
        [[Something else in this system moved once a minute, before you changed it. Charts still show it. And look
          at single keys of the cache: when were they written? When you know, write down place, mechanism and why.]] },
      solution = { "chart bookings-db.cpu --since 3m", "cache", "cache ttl avail:ws-*",
        "suspect seats-cache expires-together because chart bookings-db.cpu, cache ttl" },
      done = "Six keys were written in the same instant and live 60 s. When they end, the database is full.",
      hints = { "Full for seconds, idle for a minute: which part of the system has a clock of 60 s?",
        "The database's charts, then the cache, then the lifetimes of its single keys.",
        "chart bookings-db.cpu --since 3m, then cache, then cache ttl avail:ws-*. ws-1 to ws-6 were written together: they expire together.",
        "suspect seats-cache expires-together because chart bookings-db.cpu, cache ttl" } },

    ask { "ratio", title = "96 % of the lookups are hits",
      say = { { when = untouched, [[The wall says the cache answers {hits} of lookups. How can the database be full?]] },
        [[When the page rang the wall said that the cache answers 96 of 100 lookups. How could the database be full?]] },
      choices = {
        { "The number is wrong.", reply = "It is right. It answers a question that does not help here." },
        { "It is a mean over a minute. The misses all fall into the same two or three seconds.", right = true,
          reply = "Right. In 57 seconds nobody misses. In the other 2.5 nearly everybody does." },
        { "96 % is too low; it should be 99 %.",
          reply = "A crowd ten times larger would show 99 % and hurt more. The mean is the wrong shape." },
      },
      hints = { "A mean over what?", "When do the misses come?", "All at once, once a minute." } },

    ask { "sum", title = "How many ask for one key?",
      say = [[About 80 people a second look at the new workshops. Under this load a reload takes about
        2.5 s. Until it is done, everybody who comes finds nothing. How often is one key asked
        of the database, each time it expires?]],
      choices = {
        { "Once: the first one loads it.", reply = "Nobody told the others to wait for the first one." },
        { "About 20 times: 80 a second, a query takes a quarter of a second.",
          reply = "On an idle database, yes. But 80 queries share 8 cores, so each takes ten times as long." },
        { "About 200 times: 80 a second for 2.5 s.", right = true,
          reply = "Yes, for each of six keys: 1,200 in all. About 250 get to run, the others give up waiting." },
      },
      hints = { "Arrivals x time.", "The time is that under load, not the idle one.", "80 x 2.5." } },

    predict { "forecast", title = "Before you act", change = "any",
      say = [[Choose your change, but do not make it yet. Three minutes after it, compared with now: will these
        go up, stay the same, or go down? Answer for example: down, same]],
      of = {
        { "seat queries the database runs in two minutes",
          value = function(s) return s:increase("bookings-db.seats", "calls_total", min(2)) end, after = min(3) },
        { "bad views in two minutes",
          value = function(s) return s:bad(min(2)) end, after = min(3) },
      },
      hints = { "More room for queries, or fewer queries?", "What does your change do to the 200 that ask for one key?" } },

    act { "stop", title = "Stop it",
      say = [[Make it well for three minutes: that is three expiries. What can the cache do about misses? Seats
        must not be older than 90 s.]],
      goal = function(s) return s:good_for(min(3)) end,
      solution = { "set seats-cache.avail.single_flight on", "wait 4m" },
      hints = { "Do not make room for 200 copies of one question. Ask it once.",
        "Let one load run and the others wait for it, or give out the old value while it loads.",
        "config seats-cache shows its settings for that.",
        "set seats-cache.avail.single_flight on, then wait 4m" } },

    say_update { "tell", title = "Tell people",
      say = [[Tomas has people on the phone, and Lene wants to send another mail. Post an update: who is hit,
        since when, how many (not known yet is an answer), the state, and when you will write again.]],
      needs = { "who", "since", "impact", "state", "next" },
      solution = { "say --who visitors --since 09:57 --impact \"about 1,000 views\" --state mitigated --next 10:30" },
      hints = { "Five short fields. Three calm minutes are not yet a proof: mitigated.",
        "About 200 bad views a minute, in every minute since the mail.",
        "say --who visitors --since 09:57 --impact \"about 1,000 views\" --state mitigated --next 10:30" } },

    act { "verify", title = "Verify it",
      say = [[It came once a minute, so a calm minute proves little. Wait for five calm minutes in all, and look at
        the database at an expiry: that is where it would show.]],
      goal = function(s) return s:good_for(min(5)) and s:since_change() >= min(5) end,
      solution = { "wait 3m" },
      hints = { "How many expiries have passed since your change?", "Only time shows it.",
        "wait 3m, then chart bookings-db.cpu" } },

    prevent { "prevent", title = "What would have prevented it?",
      say = [[The mail brought ten times the crowd. Which of these would have kept the site well, or warned you?]],
      hints = { "Which of these changes what happens in those 2.5 seconds, or shows it?", "Any of the first three." } },
  },

  values = {
    bad = { "count", function(s) return s:bad(min(2)) end },
    hits = { "share", function(s) return s:keyspace("seats-cache.avail").hit_ratio end },
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
    Six workshops were announced by one mail. The first visitor loaded all six, so their values were written
    in the same instant, to live 60 s. At the end of the 60 s everybody found nothing, and everybody asked the database.

    80 queries ran at once on 8 cores. Each took 2.5 s instead of a quarter of a second, and for 2.5 s nobody had a
    value to find. That is the loop: the slower the reload, the more copies of it are asked for.

    Queries that came back late were thrown away: the value was there already. Of about 250 in a minute, six were
    needed. Before the mail the crowd was ten times smaller, and the same cache had the same minute: nobody saw it.

    The hit ratio was true and did not help. It is a mean over a minute, and this lasted seconds. Misses a second,
    or the highest value in ten seconds, would have shown it.

    What would have prevented it: one load at a time for a key (or old values while it loads) from the first day, a query
    that is cheap without the cache, and a load test longer than one lifetime.
  ]],
  sums = {
    "80 views/s x 6 keys = 480 lookups/s; 1,200 of the 30,000 in a minute miss: 96 % hits.",
    "80 queries x 250 ms / 8 cores = 2.5 s until the first values are back.",
    "80 views/s x 2.5 s = 200 copies of each key's question, 1,200 for six keys.",
    "8 cores / 250 ms = 32 queries/s; 3 rounds of 80 take 7.5 s; the others, about 900, give up after 3 s.",
    "Needed in three minutes: 3 x 6 = 18 queries. Run: about 750.",
    "Pools of 40: 160 x 250 ms / 8 = 5 s, so 400 copies of each.",
  },
  real = {
    { "Wikipedia, June 2009: after Michael Jackson's death many servers parsed the same article at once",
      "https://wikitech.wikimedia.org/wiki/Michael_Jackson_effect" },
    { "Facebook, September 2010: every client saw a bad cached value and asked the databases to repair it",
      "https://docs.microsoft.com/en-us/archive/blogs/architectsrule/facebook-more-details-on-todays-outage" },
  },
  glossary = {
    ["TTL"] = "Time to live: how long a cached value is used before it must be loaded again.",
    ["hit ratio"] = "The share of lookups that found a value. A mean over some time.",
    ["single flight"] = "Of many who miss the same key, one loads it; the others wait for its answer.",
    ["stale while revalidate"] = "After its end a value is still given out for a while, as one load in the background fetches a new one.",
    ["jitter"] = "A random part of a time, so that things do not happen together.",
  },
}
