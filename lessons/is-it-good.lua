-- Is this actually good?: a system that nobody here has seen before, five improvements, and three
-- faults that the seed draws.
--
-- Eight protections: two of them are built already, the seed says which, so six faults can hurt.
-- Prices are user-minutes, means over many seeds; `prove` holds each seed to half and twice of them.
--
-- 8 lookups and prescriptions a second are 480 people who ask once a minute. Four desks of 16
-- workers: 64. Two prescriptions a second that wait for ever take all of them in 32 s, and then
-- nobody is served who wants something else. A lookup that misses the cache is 2 s of one of the
-- database's two cores; 24 drugs, each looked up once, are 24 s of both.

local PAGE = min(5)
local CLOSES = PAGE + min(20)
local FIRST = CLOSES + min(2)
local APART = min(8)
local ENDS = FIRST + 3 * APART + min(2)
local DESKS = 4

local KINDS = { "bulkhead", "dead-letters", "eject", "failover", "idle-timeout", "once", "single-flight", "timeout" }
local function built(name)
  local b = pick("built", { 1, 2, 3, 4, 5, 6, 7, 8 })
  local c = pick("built too", { 1, 2, 3, 4, 5, 6, 7 })
  if c >= b then c = c + 1 end
  return name == KINDS[b] or name == KINDS[c]
end
-- What is so with a protection, and without.
local function either(name, with, without)
  if built(name) then return with end
  return without
end

local function doubled(s) return s:total("labels", "doubled_total") end
local function limited(s) return s:param("desk.insurer.timeout") > sec(0) end

return lesson {
  id = "is-it-good",
  title = "Is this actually good?",
  track = "good",
  minutes = 35,
  level = 4,
  summary = "Nothing is wrong. Look at a system, choose five improvements, and then leave it alone with what comes.",
  post = {
    title = "The True Code of Production Systems",
    url = "https://www.thetruecode.com/the-true-code-of-production-systems/",
    basis = "title",
  },
  teaches = {
    "a calm month says nothing of what has not happened yet",
    "for each part that a user waits for: what if it is slow, down, empty, or there twice?",
    "a gap is worth whom it hurts, for how long; a protection that is there already is worth nothing",
  },

  day_start = "15:55",
  starts_at = PAGE,
  ends_at = ENDS,
  good_for = min(20),

  place = [[
    Arnholt is a ring of forty pharmacies. At the counters people look up what is on the shelf;
    doctors send prescriptions, and for each a label is printed. Together some 480 people,
    each of whom asks about once a minute. Suppliers read the catalogue now and then. Liv runs
    the counters, Bao built the desk service and has gone to another team, Marek runs what
    holds the data.
  ]],
  page = [[
    16:00. Marek writes: "At 16:20 the winter freeze begins, and nobody touches anything until
    spring. You have never seen this system, so you see more than we do. Five of us have had a
    week each: five improvements of the list are ready to go in if you say which. Is it
    actually good?"
  ]],
  tools = { "improve", "status", "map", "config", "ask", "db", "queue", "cache", "balancer", "traces", "wait", "hint" },

  world = function(w)
    w:counter { "labels", per_visit = true, idempotent = either("once", true, false), remembers = hours(1) }
    w:external { "insurer", latency = lognormal(ms(200), ms(60)) }
    w:database { "rx-db", max_connections = 300, cores = 2, connect_time = ms(5), commit_time = ms(1), promote_time = sec(8),
      auto_failover = either("failover", sec(10), 0),
      idle_in_transaction_timeout = either("idle-timeout", sec(20), 0),
      replicas = { b = { delay = ms(3) } },
      tables = { scripts = { rows = 200000, keys = 1 } },
      statements = {
        stock = { cpu = sec(2) },
        file = { cpu = exponential(ms(2)), wal = 3000, table = "rx-db.scripts", updates = 1 },
      } }
    w:cache { "shelf-cache", keyspaces = { drugs = { keys = 24, popularity = 0.8, ttl = hours(12), filled_at_start = true,
      single_flight = either("single-flight", true, false) } } }
    w:service { "labeler", instances = 2, workers = 8, endpoints = { print = { sleep(ms(150)), count("labels") } } }
    w:broker { "post", topics = { filed = { partitions = 2, subscriptions = {
      labels = { to = "labeler/print", tries = either("dead-letters", 3, 0) } } } } }
    w:service { "desk", instances = DESKS, workers = 16, cores = 1, queue = 50, start_up = sec(8),
      pool = { to = "rx-db", size = 10, acquire_timeout = sec(10) },
      calls = { insurer = { timeout = either("timeout", ms(800), 0) } },
      endpoints = {
        lookup = { compute(ms(2)), cached("shelf-cache", "drugs", { query("rx-db", "stock") }) },
        -- a prescription that could not be checked goes on, and is checked by hand
        file = { compute(ms(3)), catch(call("insurer", "check")), query("rx-db", "file"), publish("post.filed") },
        catalogue = { workers = either("bulkhead", 1, 0), compute(exponential(ms(400))) } } }
    w:balancer { "door", to = "desk", eject_after = either("eject", 4, 0), eject_for = min(1), eject_max = 0.3 }
    w:client { "counters", to = "door/lookup", rate = vary("counters", 5.7, 6.3), gives_up = sec(6), reloads = 0.5 }
    w:client { "doctors", to = "door/file", rate = vary("doctors", 1.9, 2.1), gives_up = sec(6), reloads = 0.3 }
    w:client { "suppliers", to = "door/catalogue", rate = 0.3, gives_up = sec(30) }
  end,

  promises = {
    users = { "an answer, or a label, within 2 s", good = 0.98, within = sec(2), window = min(30),
      clients = { "counters", "doctors", "post.filed.labels" } },
    data = { { "no label is printed twice", broken = doubled } },
  },

  incident = function(i)
    local v = pick { 114, 207, 331 }
    i:red_herring(vary(min(1), min(4)), deploy("desk", "v" .. v, { by = pick { "deploy bot", "desk team" }, was = "v" .. v - 1 }))
    i:red_herring(vary(sec(20), min(4)), decoy(pick { "door", "labeler", "rx-db" },
      pick { "yearly audit: no findings", "two new dashboards", "load test passed: twice the traffic" },
      { by = pick { "audit", "Marek", "platform" }, final = true }))
    local all = {
      ["bulkhead"] = { "a supplier reads everything", fault("suppliers", "spike", { factor = 100 }, { lasts = sec(75) }) },
      ["dead-letters"] = { "a message that cannot be read", fault("post.filed", "poison") },
      ["eject"] = { "one desk fails", fault("desk-" .. pick { 1, 2, 3, 4 }, "error_rate", { fraction = 0.9 }, { lasts = min(4) }) },
      ["failover"] = { "the database is down", fault("rx-db", "down", {}, { lasts = min(3) }) },
      ["idle-timeout"] = { "a transaction is left open",
        fault("rx-db", "long_transaction", { table = "rx-db.scripts", row = true }, { lasts = min(2) }) },
      ["once"] = { "messages come twice", fault("post.filed.labels", "duplicates", { share = 0.2 }, { lasts = min(3) }) },
      ["single-flight"] = { "the cache is empty", fault("shelf-cache", "cold") },
      ["timeout"] = { "the insurer hangs", fault("insurer", "hang", {}, { lasts = min(2) }) },
    }
    local faults = {}
    for name, f in pairs(all) do
      if not built(name) then faults[f[1]] = f[2] end
    end
    local function turn(n) return FIRST + n * APART + vary(sec(5), sec(70)) end
    i:draw({ turn(0), turn(1), turn(2) }, faults)
  end,

  expect = {
    at = PAGE,
    normal = {
      ["everybody is well"] = function(s) return s:good(min(1)) > 0.99 end,
      ["nothing is busy"] = function(s) return s:service("desk").cpu < 0.8 and s:database("rx-db").cpu < 0.2 end,
      ["no alert"] = function(s) return not s:alerting() end,
      ["all desks are healthy"] = function(s) return s:service("desk").healthy == DESKS end,
    },
  },

  alerts = {
    threshold { "desk is busy", of = "desk", metric = "cpu", above = 0.9, hold = min(2) },
    threshold { "rx-db is busy", of = "rx-db", metric = "cpu", above = 0.9, hold = min(2) },
  },

  design = {
    budget = 5,
    closes_at = CLOSES,
    request = min(1), -- each user asks about once a minute
    record = min(10), -- a label too many: somebody finds it, and calls the patient
    faults = {
      ["a supplier reads everything"] = 1290,
      ["a message that cannot be read"] = 1030,
      ["one desk fails"] = 550,
      ["the database is down"] = 850,
      ["a transaction is left open"] = 1480,
      ["messages come twice"] = 720,
      ["the cache is empty"] = 1300,
      ["the insurer hangs"] = 1985,
    },
    improvements = {
      { "bigger-db", "twice the cores for rx-db", effort = "a day", with = { set("rx-db.cores", 4) },
        saves = { ["the cache is empty"] = 720 },
        says = "It fills an empty cache in half the time. One line in the cache does as much." },
      { "bigger-pools", "twice the connections of desk", effort = "an hour", with = { set("desk.pool.size", 20) },
        saves = { ["a transaction is left open"] = -400 },
        says = "More of them wait for the same thing at once, so it takes longer for each. Nothing was short of connections." },
      { "bulkhead", "the catalogue gets one worker of each desk", effort = "a day", with = { set("desk/catalogue.workers", 1) },
        saves = { ["a supplier reads everything"] = 1290 },
        says = "The supplier waited. Nobody else had to." },
      { "dead-letters", "after three tries a message is put aside", effort = "a day", with = { set("post.filed.labels.tries", 3) },
        saves = { ["a message that cannot be read"] = 1030 },
        says = "One message stopped every one behind it in its half. Put aside it waits for somebody to read it." },
      { "eject", "door leaves out a desk that fails four times", effort = "two days", with = { set("door.eject_after", 4) },
        saves = { ["one desk fails"] = 525 },
        says = "Health checks asked whether the process lives. The balancer saw what it answers." },
      { "failover", "a replica takes over after 10 s", effort = "a week", with = { set("rx-db.auto_failover", sec(10)) },
        saves = { ["the database is down"] = 770 },
        says = "There were two copies from the start. Nobody had said who leads when the first one is gone." },
      { "idle-timeout", "rx-db ends a transaction that is idle for 20 s", effort = "an hour",
        with = { set("rx-db.idle_in_transaction_timeout", sec(20)) },
        saves = { ["a transaction is left open"] = 1300 },
        says = "A person at a terminal held one row. Twenty seconds later the database let go of it." },
      { "longer-cache", "the cache keeps a value for two days", effort = "an hour", with = { set("shelf-cache.drugs.ttl", hours(48)) },
        says = "A cache that loses everything loses old values as well." },
      { "more-desks", "one more instance of desk", effort = "a day", with = { set("desk.instances", 5) },
        saves = { ["one desk fails"] = 110, ["a transaction is left open"] = 430 },
        says = "Five desks are full somewhat later than four. They wait for the same things." },
      { "once", "a label has a key, and is printed once", effort = "a week", with = { set("labels.idempotent", true) },
        saves = { ["messages come twice"] = 720, ["the insurer hangs"] = 320, ["a transaction is left open"] = 170,
          ["the cache is empty"] = 150 },
        says = "Whoever asks again, and whatever comes again, is known. Doctors who try again send a second message, too." },
      { "retries", "one more try at the insurer", effort = "an hour", with = { set("desk.insurer.retries", 1) },
        says = "A retry needs a failure first. Who waits for ever never fails." },
      { "single-flight", "the cache loads each value once at a time", effort = "an hour",
        with = { set("shelf-cache.drugs.single_flight", true) },
        saves = { ["the cache is empty"] = 1200 },
        says = "Twenty-four loads, not one for each person who asks." },
      { "timeout", "desk waits 800 ms for the insurer", effort = "two days", with = { set("desk.insurer.timeout", ms(800)) },
        saves = { ["the insurer hangs"] = 1985 },
        says = "Each prescription gave its worker back after 800 ms, and was checked by hand. So others found one." },
    },
  },

  people = {
    liv = { "Liv", role = "runs the counters", desk = true, knows = {
      { "users", "At the counters a patient stands and waits. A prescription may be a minute late, but two labels for one are a bad day." },
      { "labels", "Once a patient took two boxes home. I still have the letter." } } },
    bao = { "Bao", role = "built desk", knows = {
      { "insurer", "They are quick. Last winter they stood still for two minutes, twice.", },
      { "suppliers", "Most read a page a day. One of them has a script that reads all of it." },
      { "desk", "It was load-tested: four desks take four times what comes." },
      { "door", "It asks each desk whether it lives, every five seconds. What a desk answers to people I never looked at." } } },
    marek = { "Marek", role = "runs the data", knows = {
      { "rx-db", "There is a second copy. I have never had to use it." },
      { "shelf-cache", "It is full, and always was. 24 values; loading one takes two seconds of the database." },
      { "post", "Messages come at least once. Mostly once." } } },
  },
  reactions = {
    { by = "liv", when = function(s) return s:now() > CLOSES and s:good_of("counters", min(1)) < 0.8 end,
      "People stand at the counters, and nothing comes." },
    { by = "liv", when = function(s) return s:now() > CLOSES and doubled(s) >= 10 end,
      "A patient was handed two labels for one prescription. Ten of them by now." },
    { by = "bao", when = function(s) return s:now() > CLOSES and s:good_of("doctors", min(1)) < 0.8 end,
      "Doctors call: their prescriptions do not go through." },
    { by = "marek", when = function(s) return s:now() > CLOSES and s:of("post.filed.labels").lag_seconds > min(2) end,
      "Labels of half of the prescriptions have not come for two minutes." },
  },

  steps = {
    find { "theirs", title = "Follow a prescription", of = "component", answer = function(s) return "insurer" end,
      say = [[Nothing is wrong. So look at what could be. Follow a prescription from the door to the label. Which part of
        its way belongs to somebody else, so that nobody here can mend it?]],
      wrong = "Arnholt runs that one. Which part is a third party?",
      solution = { "map" },
      done = "Whatever the insurer does, Arnholt can only decide how long to wait for it.",
      hints = { "Who calls whom? There is a picture of it.", "A third party has no instances and no settings of yours.",
        "map shows who calls whom, and which part is external." } },

    find { "limit", title = "How long is too long?", of = "number", within = 0.2,
      answer = function(s) return s:param("desk.insurer.timeout") / sec(1) end,
      say = [[How many seconds does desk wait for it at most? Type 0 if it would wait for ever.]],
      wrong = "That stands in how desk calls the insurer, not in desk itself.",
      solution = { "config desk.insurer" },
      done = { { when = limited, "There is a limit. A limit of the list would only be bought twice.", claims = limited },
        "No limit. Each such request holds one of 64 workers for as long as the other side likes." },
      hints = { "How one part calls another has settings of its own.", "Its name is CALLER.CALLEE, and the setting is a timeout.",
        "config desk.insurer" } },

    ask { "green", title = "It is green",
      say = [[All is healthy, no alert, hardly any load. A load test passed, and there are two copies of the data. Which of
        the following does that tell you?]],
      choices = {
        { "What happens when a part of it stops.", reply = "A load test asks more of the same. Nothing stopped in it." },
        { "That what happened so far did no harm.", right = true,
          reply = "Yes, and no more. What did not happen yet has no chart." },
        { "That five improvements are more than it needs.", reply = "Perhaps. What would you have to look at to know?" },
      },
      moot = false,
      hints = { "Which of the things that can break did break in that time?", "The second answer." } },

    spend { "spend", title = "Five of thirteen",
      say = [[Choose five. For each of the list: which fault is it for? Is it there already? Whom would that fault hurt, and
        for how long? Not all that is missing can be had.]],
      done = "Five are chosen. From now on nobody touches anything.",
      hints = { "Ask of each part on the way of a user: what if it is slow, down, empty, or if the same thing comes twice?",
        "Each part says how it is set. A time or a number of 0 mostly means: never, or no limit.",
        "config NAME, with desk.insurer, desk/catalogue, door, rx-db, labels, post.filed.labels, shelf-cache.drugs",
        "What is 0 or off there is missing. Leave out the one that hurts the fewest people. solution shows the best five." } },

    act { "night", title = "Leave it alone",
      say = [[The freeze has begun, or soon will. Let the time pass and watch: a wait stops when somebody writes.]],
      goal = function(s) return s:now() >= ENDS end,
      solution = { "wait 60m" },
      done = "That was it. The debrief says what came, and what each of your choices was worth.",
      hints = { "You can only watch.", "wait 10m, as often as it takes.", "wait 60m" } },

    ask { "sixth", title = "What is left",
      say = [[Six were missing, and five could be had. One gap is still there. What do you do with it?]],
      choices = {
        { "Nothing: it was not among the five.", reply = "Then nobody knows of it but you, and you will forget it." },
        { "Write down what it would cost, and ask who accepts that.", right = true,
          reply = "Yes. A risk that somebody has accepted is a decision. One that nobody knows is luck." },
        { "Stay awake until the freeze is over.", reply = "And do what, with what, by which sign?" },
      },
      moot = false,
      hints = { "Whose decision is it that this can happen?", "The second answer." } },
  },

  values = {
    doubled = { "count", doubled },
  },

  debrief = [[
    Nothing was wrong when you came, and the system was good at everything that had happened to it so far. A load test asks
    more of the same; an audit asks what is written down. Neither asks what happens when one part stops.

    Each gap was a default: no limit, never, off. A wait without a limit turns a slow third party into a dead desk for
    people who want nothing from it. A second copy without a rule for who leads is a copy. A retry without a key is a
    second label.

    More of everything (desks, cores, connections, tries) helped little: nothing was short. What was missing was an
    answer to "and if not?".

    You could not have all. Which one to leave out is a sum: whom does it hurt, for how long, how often. The table says
    what it comes to on a mean night; tonight was one night.
  ]],
  sums = {
    "About 8 questions a second are 480 a minute: 480 people who ask once a minute.",
    "About 2 prescriptions a second that wait for ever, 4 x 16 workers: 64 / 2 = 32 s until nobody is served.",
    "The supplier: 30 pages a second x 400 ms = 12 cores. There are 4; five desks would have 5.",
    "The empty cache: 24 values x 2 s = 48 s of work, on two cores 24 s, if each is loaded once.",
    "Labels printed twice tonight: {doubled}. Each counts as ten user-minutes.",
  },
  real = {
    { "Square, 16 March 2017: a fault in a neighbouring service overloaded the one that signs merchants in, and with it nearly all products",
      "https://developer.squareup.com/blog/incident-summary-2017-03-16/" },
  },
  glossary = {
    ["bulkhead"] = "A part of the workers that one sort of request may use, so that the others are left for the rest.",
    ["eject"] = "A balancer leaves out an instance for a while because of what it answers.",
    ["user-minute"] = "One user who could not work for one minute. Here: one question without a good answer in time.",
  },
}
