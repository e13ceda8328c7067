-- The order that vanished: one event that the new projector cannot read holds up everything
-- behind it in its partition, one of eight; seven are fresh, and every mean is taken over eight.
--
-- Each of eight readers has 6.25 events a second (batches of 10: 1 s to fetch and confirm,
-- 60 ms for each event), and 5 come. What was frozen for a minute takes four to catch up. Larger
-- batches share the second among more events; more instances find no partition to read.

local DEPLOY, POISON = min(1), min(6)
local PAGE = POISON + min(14)
local FEED, PARTITIONS = "bus.orders.projector", 8
local EACH_READER = 6.25
local function rate() return vary("rate", 39.4, 40.6) end -- orders a second

local function worst(s) return s:of(FEED).lag_max end
local function minute_ago(s) return s:ago(FEED, "lag_max", min(1)) end

-- The partition that is furthest behind, from 1.
local function frozen(s)
  local at, most = 1, -1
  for p = 1, PARTITIONS do
    local lag = s:metric(FEED, "lag", p)
    if lag > most then at, most = p, lag end
  end
  return at
end

-- Minutes that the worst partition needs, at batches of ten.
local function each() return rate() / PARTITIONS end
local function spare() return EACH_READER - each() end
local function minutes_to_go(s) return worst(s) / spare() / 60 end

-- The sums: how long the partition had stood when Mara wrote, and what came to it meanwhile.
local function since_page(s) return s:now() - PAGE end
local function stood(s) return s:ago(FEED, "lag_seconds", since_page(s)) end
local function expected(s) return stood(s) / sec(1) * each() end

-- What texts claim.
local function untouched(s) return not s:changed() end
local function one_stands(s) return worst(s) > 1000 and s:of(FEED).lag - worst(s) < 500 end
local function stuck(s) return s:increase(FEED, "failures_total", sec(30)) > 0 and one_stands(s) end
local function moves(s) return minute_ago(s) - worst(s) > 20 end
local function even(s)
  local least, most
  for p = 1, PARTITIONS do
    local n = s:metric("bus.orders", "end_offset", p)
    least, most = math.min(least or n, n), math.max(most or n, n)
  end
  return most < 1.3 * least
end

return lesson {
  id = "the-order-that-vanished",
  title = "The order that vanished",
  track = "recover",
  minutes = 25,
  level = 3,
  summary = "One order in eight does not appear in the list. Every average is fine.",
  post = {
    title = "CQRS Simplified the Design. It Complicated Production.",
    url = "https://www.thetruecode.com/the-true-code-of-production-systems/cqrs-production-eventual-consistency-read-model-lag/",
    basis = "title",
  },
  teaches = {
    "one event that cannot be read stops everything behind it in its partition",
    "an average over partitions hides the one that stands still",
    "catching up takes longer than the fault, because arrivals go on",
  },

  day_start = "17:42",
  starts_at = PAGE,
  ends_at = PAGE + min(60),
  good_for = min(5),

  place = [[
    You are on call for a marketplace for second-hand clothes. Orders are written to one
    database and read from another: each order becomes an event, and the projector applies
    the events to the page "my orders". About 40 events a second, eight partitions, one reader
    for each. Mara runs support, Ines wrote the projector, Jon runs the brokers.
  ]],
  page = [[
    No pager. Mara writes: "Some customers have paid, have the mail, and their order is not in
    the list. Others see theirs at once. Should they order again?"
  ]],
  tools = { "status", "queue", "chart", "logs", "changes", "count", "suspect", "set", "rollback",
            "restart", "say", "wait", "hint" },

  world = function(w)
    local v = pick("version", { 20, 34, 57 })
    local apply = { query("views-db", "upsert"), count("orders_shown") }
    w:database { "orders-db", max_connections = 100, cores = 16,
      statements = { append = { cpu = exponential(ms(3)), wal = 700 } } }
    w:database { "views-db", max_connections = 100, cores = 8,
      statements = { upsert = { cpu = ms(60), wal = 400 }, list = { cpu = exponential(ms(5)) } } }
    w:counter { "orders_placed" }
    w:counter { "orders_shown" }
    w:broker { "bus", topics = { orders = { partitions = PARTITIONS, keys = 400000,
      subscriptions = { projector = { to = "projector/apply", consumers = 2, batch = 10, batch_cost = sec(1),
        retry_delay = sec(2), rebalance = sec(1), protocol = "cooperative" } } } } }
    w:service { "orders-api", instances = 3, workers = 64, pool = { to = "orders-db", size = 10 },
      endpoints = { place = { compute(ms(2)), query("orders-db", "append"), publish("bus.orders"), count("orders_placed") } } }
    w:service { "projector", instances = 4, workers = 16, start_up = sec(5), drain = sec(2), pool = { to = "views-db", size = 5 },
      versions = { { "v" .. v, apply = apply }, { "v" .. v + 1, apply = apply } } }
    w:service { "my-orders", instances = 3, workers = 32, pool = { to = "views-db", size = 8 },
      endpoints = { list = { query("views-db", "list") } } }
    w:client { "buyers", to = "orders-api/place", rate = per_second(rate()), gives_up = sec(8), reloads = 0.3 }
    w:client { "lookers", to = "my-orders/list", rate = per_second(3), gives_up = sec(8), reloads = 0.4 }
  end,

  promises = {
    users = { "an order is in the list within 30 s", good = 0.98, within = sec(30), window = min(30),
              clients = { "buyers", "lookers", FEED }, hidden = true },
    data = {
      { "no event is passed over", broken = function(s) return s:total(FEED, "skipped_total") + s:total(FEED, "lost_total") end },
      { "no event is left aside", holds = function(s) return s:of(FEED).dead_letters == 0 end },
    },
  },
  shows = { "orders_placed" },

  alerts = {
    threshold { "events wait (mean of partitions)", of = FEED, metric = "lag_mean", above = 1300, hold = min(2), page = true },
    threshold { "my-orders fails", of = "my-orders", metric = "errors_total", above = 1, hold = min(1), page = true },
    threshold { "views-db is busy", of = "views-db", metric = "cpu", above = 0.9, hold = min(2) },
  },

  incident = function(i)
    local v = pick("version", { 20, 34, 57 })
    local bad = pick("partition", { 1, 2, 3, 4, 5, 6, 7, 8 })
    i:cause(vary(DEPLOY - sec(30), DEPLOY + sec(30)), deploy("projector", "v" .. v + 1, { by = pick { "deploy bot", "Ines" } }))
    i:cause(vary(POISON - sec(40), POISON + sec(40)), fault("bus.orders-" .. bad, "poison", { fixed_in = "v" .. v }))
    -- what lies about besides: one of these each night
    local other, lists = pick { 1, 2, 3 }, pick("lists", { 112, 87, 230 })
    local at = vary(min(4), min(9))
    if other == 1 then
      i:red_herring(at, deploy("my-orders", "v" .. lists, { by = "deploy bot", was = "v" .. lists - 1 }))
    elseif other == 2 then
      i:red_herring(at, decoy("views-db", pick { "index of table lists renewed", "old lists moved to the archive" }, { by = "Jon" }))
    else
      i:red_herring(at, decoy("bus", pick { "certificate of the brokers renewed", "broker 2 has new disks" }, { by = "Jon" }))
    end
    i:red_herring(vary(min(10), min(12)), decoy("orders-api",
      pick("mail", { "mail to customers: no fees until Sunday", "mail to customers: winter coats wanted", "mail to customers: new terms" }),
      { by = pick("mailed", { "Ana", "Pia" }), final = true }))
    i:at(PAGE, ticket("Mara (support)",
      "Some customers have paid, have the mail, and their order is not in the list. Others see theirs at once. Should they order again?"))
  end,

  expect = {
    at = PAGE,
    moves = {
      ["one partition stands, more than 3,600 events wait"] = function(s) return worst(s) > 3600 end,
      ["one in eight is not shown"] = function(s)
        local share = s:rate("orders_shown", min(2)) / s:rate("orders_placed", min(2))
        return share > 0.8 and share < 0.93 end,
      ["one event fails again and again"] = stuck,
    },
    normal = {
      ["the other seven are fresh"] = function(s) return s:of(FEED).lag - worst(s) < 200 end,
      ["the mean is below its alert"] = function(s) return s:of(FEED).lag_mean < 1300 end,
      ["no alert"] = function(s) return not s:alerting() end,
      ["orders are placed"] = function(s) return s:good_of("buyers", min(1)) > 0.99 end,
      ["lists are quick"] = function(s) return s:good_of("lookers", min(1)) > 0.99 end,
      ["all get as much"] = even,
      ["views-db is not busy"] = function(s) return s:database("views-db").cpu < 0.6 end,
    },
  },

  suspects = {
    { "projector", "poison-message", right = true, also = { FEED, "bus.orders", "bus" } },
    { "projector", "bad-deploy", right = true },
    { FEED, "consumer-lag", reply = "Some wait, that is so. But do the readers fall behind, or does one stand?" },
    { "my-orders", "stale-data" },
    { "orders-api", "silent-drop" },
    { "bus.orders", "hot-key" },
  },
  facts = {
    { "one partition stands, seven are fresh", when = one_stands, seen = { FEED },
      fits = { "poison-message", "bad-deploy", "hot-key" },
      tells = "One partition waits and the other seven are fresh: readers have the time." },
    { "all partitions get as much", when = even, seen = { FEED },
      fits = { "poison-message", "bad-deploy", "consumer-lag", "stale-data", "silent-drop" },
      tells = "Every partition gets as many events as the others." },
    { "one event fails again and again", when = stuck, seen = { "projector:error" },
      fits = { "poison-message", "bad-deploy" },
      tells = "The same event fails every two seconds: its trace is always the same." },
  },

  people = {
    mara = { "Mara", role = "support", desk = true },
    ines = { "Ines", role = "wrote the projector", knows = {
      { "projector", "The new version reads gift cards as numbers. I hope that none has a letter in it: it could not read that order.",
        when = function(s) return s:version("projector") ~= "v" .. pick("version", { 20, 34, 57 }) end },
      { "projector", "The version before knows nothing of gift cards: it passes that field over, and reads the rest.", },
      { "batch", "A reader takes ten events, works on each for 60 ms, and spends a second on fetching and confirming them." },
      { "skip", "What is skipped is never shown. We would have to write that list again from orders-db: half a day." },
    } },
    jon = { "Jon", role = "runs the brokers", knows = {
      { "bus", "The brokers are well. Every order goes to the partition of its customer, and each partition has one reader." },
      { "partitions", "More partitions move customers to other ones, and what is in the old one stays there, behind what it waits for." },
      { "lag", "Our alert looks at the mean of all partitions. It is under 1,300, so it is silent." },
      { "readers", "Eight partitions, eight readers. A ninth would have nothing to read." },
    } },
  },
  reactions = {
    { on = "customer", by = "mara", "A customer has ordered the same coat again, to be safe. There was only one." },
    { on = "silence", by = "mara", "Shall they wait or order again? I need one sentence that is true." },
    { by = "jon", when = function(s) return s:of(FEED).skipped_total > 100 end,
      "You told the projector to pass events over. They are read by nobody now. Was that meant?" },
  },

  values = {
    waiting = { "count", worst },
    mean = { "count", function(s) return s:of(FEED).lag_mean end },
    oldest = { "duration", function(s) return s:of(FEED).lag_seconds end },
    frozen = { "count", frozen },
    to_go = { "count", minutes_to_go },
    aside = { "count", function(s) return s:of(FEED).dead_letters end },
    skipped = { "count", function(s) return s:of(FEED).skipped_total end },
    batch = { "count", function(s) return s:param(FEED .. ".batch") end },
    rate = { "number", rate },
    each = { "number", each },
    spare = { "number", spare },
    spare_50 = { "number", function(s) return 12.5 - each() end },
    times = { "number", function(s) return (12.5 - each()) / spare() end },
    stood = { "duration", stood },
    stood_s = { "count", function(s) return stood(s) / sec(1) end },
    expected = { "count", expected },
    then_waiting = { "count", function(s) return s:ago(FEED, "lag_max", since_page(s)) end },
    then_mean = { "count", function(s) return expected(s) / PARTITIONS end },
    to_spare_s = { "count", function(s) return expected(s) / spare() end },
    then_to_go = { "duration", function(s) return sec(1) * (expected(s) / spare()) end },
    dear = { "number", function(s) return each() / spare() end },
  },

  steps = {
    ask { "first", title = "Some see it, some do not",
      say = [[Some customers see their order at once, others not after ten minutes. The page answers quickly, no alert fired. What does
        "some, and always the same" make you think of?]],
      choices = {
        { "Everything is a bit slow.",
          reply = "Then all would wait a little. Here most wait not at all, and some without end." },
        { "Something that is divided: a shard, a partition, an instance.", right = true,
          reply = "Yes. Where all are treated alike and some suffer, look for what divides them." },
        { "Customers who do not reload the page.",
          reply = "They have the mail and paid a quarter of an hour ago. They have reloaded." },
      },
      hints = { "Who is hurt, and who is not?", "What is there eight of?", "The second answer." } },

    find { "mean", title = "What the mean says",
      say = { { when = function(s) return one_stands(s) and s:of(FEED).lag_mean < 1300 end, [[The alert looks at the mean of all partitions: {mean} events wait, its limit is 1,300. Which partition does
          not agree with it? Type its number.]], claims = function(s) return s:of(FEED).lag_mean < 1300 end },
        "Which partition is furthest behind? Type its number." },
      of = "number", answer = frozen, within = 0.01,
      near = "Near, and another one: there are eight.",
      wrong = "That one is fresh. What does the subscription show, partition by partition?",
      solution = { "queue " .. FEED },
      done = { { when = one_stands, [[Partition {frozen}: {waiting} events wait there, the oldest for {oldest}. The other seven are fresh.]],
          claims = function(s) return s:of(FEED).lag - worst(s) < 500 end },
        "Partition {frozen}: {waiting} events wait there." },
      hints = { "A mean of eight numbers can hide one.",
        "The overview of queues shows the whole and the worst; asked for one by name, each partition.",
        "queue " .. FEED } },

    find { "since", title = "Since when?",
      say = [[Since when does that partition stand? The age of its oldest event tells it. Type a time.]],
      answer = "since",
      near = "Near. How old is the oldest event that is not done?",
      wrong = "Not then. Take the age of the oldest event from the time that it is now.",
      done = "Long before anybody wrote, and no alert marks that moment.",
      solution = { "queue " .. FEED },
      hints = { "The oldest event waits since it came.", "OLDEST, in the list of partitions.",
        "Take OLDEST from the time at the prompt: queue " .. FEED } },

    find { "why", title = "Why does it stand?",
      say = [[A reader takes its events in order. What does the reader of that partition do, again and again? Name the place and what
        happens there.]],
      answer = "suspect",
      wrong = "What you have seen does not say so. What does the reader of that partition write into its log?",
      solution = { "logs projector --level warn | tail -4", "suspect projector poison-message" },
      done = [[The reader meets one event that it cannot read, tries it again every two seconds, and may not go past it: order is the promise.]],
      hints = { "It is not slow. It is busy with something.",
        "Lines that are worse than usual drown among 40 a second. Ask for those alone.",
        "logs projector --level warn | tail -4: the trace is always the same.",
        "suspect projector poison-message" } },

    find { "began", title = "What began it?",
      say = [[Events have been applied for months. What began it: which change, or none? Type its number, or the part that was changed.]],
      answer = "trigger",
      wrong = "Hold the time since when it stands against the list of changes; it may be some minutes after the change.",
      solution = { "changes", "trigger projector" },
      done = "A new version was put out some minutes before. It ran well until the first event came that it cannot read.",
      hints = { "A change need not hurt at once: only when it meets what it cannot do.", "Who reads events, and since when in this version?",
        "The deploy of the projector: trigger projector" } },

    act { "stop", title = "Make it move",
      say = [[Let the partition move again, and lose nothing. You are done when fewer events wait there than a minute ago; `wait 2m` lets time run.]],
      goal = moves,
      solution = { "rollback projector", "wait 3m" },
      done = [[It moves: {waiting} events wait there, fewer than a minute ago. Customers do not notice yet.]],
      hints = { "Who could read that event? Or: who would put it aside?",
        "A version that knows it, or a limit of tries, after which it is kept aside.",
        "rollback projector, or set " .. FEED .. ".tries 3; then wait 3m" } },

    find { "sum", title = "How long will it take?",
      say = [[The event is out of the way. {each} events a second still come to that partition. Its reader does 10 in 1 s + 10 x 0.06 s.
        {waiting} wait. In how many minutes are they all applied, if nothing else is done? Type a number.]],
      of = "number", answer = minutes_to_go, within = 0.25,
      moot_when = function(s)
        return s:param(FEED .. ".batch") ~= 10 or s:param("bus.orders.partitions") ~= PARTITIONS or worst(s) < 330 end,
      moot = "At batches of ten it would have taken four minutes for each that it stood. {waiting} events wait now.",
      near = "Near. What is left of the reader's speed when it has done what comes in?",
      wrong = "A reader does 6.25 a second, of which {each} are for what comes in.",
      solution = {},
      done = [[Each minute that it stood costs about four to catch up: only {spare} of 6.25 a second are to spare. The cure has landed, and it is not over.]],
      hints = { "10 events in 1.6 s are 6.25 a second.",
        "6.25 less {each} that come in leaves {spare} a second for those that wait.",
        "{waiting} / 1.25 / 60: about {to_go}." } },

    say_update { "tell", title = "Tell people",
      say = [[Mara asks if customers should order again. Five fields. Nothing new gets stuck, and one list in eight is still old: which state is
        honest now?]],
      needs = { "who", "since", "impact", "state", "next" },
      solution = { "say --who buyers --since 17:48 --impact 12% --state investigating --next 18:30" },
      done = "Mara tells them to wait: the order is safe, the list is late.",
      hints = { "Mitigated means that users are well. Are they?", "Not yet: investigating. One partition of eight: about 12 %.",
        "say --who buyers --since 17:48 --impact 12% --state investigating --next 18:30" } },

    predict { "forecast", title = "Before you act",
      change = { "set " .. FEED .. ".batch 50" },
      say = [[Suppose a reader takes 50 events at a time: 1 s + 50 x 0.06 s for 50. For each line: up, same or down? Type both, with a comma.]],
      of = {
        { "events that the worst partition does a second, 2 minutes later", after = min(2),
          value = function(s) return rate() / PARTITIONS + (minute_ago(s) - worst(s)) / 60 end },
        { "events that wait there, 3 minutes later", value = worst, after = min(3) },
      },
      hints = { "50 in 4 s.", "12.5 a second: 7.5 to spare instead of 1.25." } },

    act { "catch-up", title = "Make it over",
      say = [[Make the list right for everybody: five good minutes, nothing passed over, nothing left aside. More instances would find no
        partition to read. What is it that a reader spends its time on?]],
      goal = function(s) return s:good_for(min(5)) and s:of(FEED).dead_letters == 0 end,
      solution = { "set " .. FEED .. ".batch 50", "wait 30m" },
      done = { { when = function(s) return s:of(FEED).skipped_total == 0 end, "The list is right again. Nothing was passed over." },
        "The list is quick again. {skipped} events were passed over: those orders are in no list." },
      hints = { "A batch costs a second, however many events are in it.",
        "Larger batches share that second. If an event lies aside: run it again when its reader can read it.",
        "set " .. FEED .. ".batch 50, then wait 30m (and queue replay " .. FEED .. ", if a dead letter is left)" } },

    prevent { "prevent", title = "What would have made it small?",
      say = [[Which of these would have told you, or made it a matter of one order?]],
      hints = { "Which of them looks at the worst partition, or lets the others go on?", "The first or the second." } },
  },

  traps = {
    { "skipped", when = function(s) return s:of(FEED).skipped_total > 100 end,
      say = [[It is quick now, because {skipped} events were passed over. Those orders are paid, and in no list; nobody will read their events again
        by itself.]] },
    { "instances", when = function(s) return s:instances("projector") > 4 and s:param("bus.orders.partitions") == PARTITIONS end,
      say = [[Eight partitions, one reader each: the new readers have nothing to read. The one that is stuck is still one.]] },
    { "restart", when = function(s) return s:increase("projector", "restarts_total", min(3)) >= 4 and stuck(s) and s:since_change() > sec(60) end,
      say = [[The new process went on where the old one was: at the same event. It is not the process that is ill.]] },
  },

  fixes = {
    { "Back to the version before, and larger batches", { "rollback projector", "set " .. FEED .. ".batch 50", "wait 16m" },
      says = [[The version before can read the event, so it is applied in its turn. Batches of 50 leave 7.5 a second to catch up with, not 1.25.]] },
    { "Aside, larger batches, and again after the cure", {
        "set " .. FEED .. ".tries 3", "set " .. FEED .. ".batch 50", "wait 2m", "rollback projector", "wait 2m",
        "queue replay " .. FEED, "wait 14m" },
      says = [[The event is put aside after three tries and the others go on. When its reader could read it, the dead letter was run again. It came
        late and out of order: for a list that is no harm, for a balance it could be.]] },
  },
  wrong = {
    { "Restart the projector", { "restart projector --rolling" }, harm = "nothing",
      says = [[A reader goes on where it was: at the same event.]] },
    { "More instances", { "scale projector 8" }, harm = "nothing",
      says = [[A partition has one reader. Eight partitions keep eight readers busy; the others look on.]] },
    { "Larger batches, and no more", { "set " .. FEED .. ".batch 50" }, harm = "nothing",
      used = function(s) return s:param(FEED .. ".batch") > 10 and one_stands(s) and s:increase(FEED, "failures_total", min(1)) > 0 end,
      says = [[That doubles what a reader can do. It does not help one that may not go past an event.]] },
    { "Back to the version before, and no more", { "rollback projector", "wait 3m" }, harm = "nothing",
      used = function(s) return s:param(FEED .. ".batch") == 10 and worst(s) > 330 and s:increase(FEED, "failures_total", min(1)) == 0 end,
      says = [[Cured, and not over: with 1.25 events a second to spare, an event that comes in still waits behind thousands for more than an hour.]] },
    { "More partitions, and readers for them", { "set bus.orders.partitions 16", "scale projector 8", "wait 5m" }, harm = "partial",
      says = [[Half of the customers of that partition go to a new one, and their next orders are shown. What waited still waits, and so do the others'.]] },
    { "Skip to the end", { "queue skip " .. FEED .. " 100000" }, harm = "costly",
      price = function(s) return s:of(FEED).skipped_total > 100 end,
      says = [[The list was quick at once, and thousands of orders are missing in it for good.]] },
  },

  prevention = {
    { "After three failed tries an event is put aside, and somebody is told.", right = true, effort = "half a day",
      with = { set(FEED .. ".tries", 3) },
      reply = "Yes: then it is one order, not one in eight. Somebody has to look at what lies aside." },
    { "An alert on the oldest event of the worst partition.", right = true, effort = "an hour",
      alert = threshold { "oldest event", of = FEED, metric = "lag_seconds", above = 60, hold = min(1) },
      reply = "Yes. Age, and the worst one: a customer waits minutes, not messages, and not on average." },
    { "A limit of 500 for the mean instead of 1,300.", effort = "one line",
      alert = threshold { "events wait (lower)", of = FEED, metric = "lag_mean", above = 500, hold = min(2) },
      reply = "A mean over eight grows at an eighth of the speed. By then customers have written." },
    { "Twice as many instances of the projector.", effort = "one line, money",
      with = { set("projector.instances", 8) },
      reply = "They would have had nothing to read." },
  },

  debrief = [[
    Orders are written on one side and read on the other; events go between, and one projector applies them in order.
    The new projector reads gift cards as numbers. For some minutes there was none with a letter in it; then one came.

    A reader may not go past what it cannot apply: order is the promise. So it tried that event every two seconds, and
    all that came behind it in its partition waited, one order in eight. The write side was well, the read side was
    quick, and the alert looked at the mean of eight, of which seven were fresh.

    The cure takes a minute. Being over takes longer: {each} events a second went on coming to a reader that does 6.25, so
    that each minute of standing still cost about four of catching up. More readers find no partition; a larger batch shares
    the cost of fetching among more events.

    Skipping makes any lag small, by losing what waits. An event that cannot be read belongs aside: the others go on,
    it is one number on somebody's screen, and it is run again when it can be read.
  ]],
  sums = {
    "{rate} events a second in 8 partitions: {each} a second each. A reader: 10 / (1 s + 10 x 0.06 s) = 6.25 a second.",
    "When Mara wrote it had stood for {stood}: {stood_s} s x {each} = {expected} events. The queue said {then_waiting}.",
    "To spare: 6.25 - {each} = {spare} a second. {expected} / {spare} = {to_spare_s} s, which is {then_to_go}: {dear} minutes for each.",
    "The mean of eight is an eighth of that: {expected} / 8 = {then_mean}, and the alert's limit is 1,300.",
    "Batches of 50: 50 / (1 s + 50 x 0.06 s) = 12.5 a second. To spare: 12.5 - {each} = {spare_50}, {times} times as much.",
    "At the end {waiting} events wait in the worst partition, {aside} lie aside, {skipped} were passed over.",
  },
  real = {
    { "incident.io, 18 November 2022: one message in a queue crashed the whole application, again and again, until it was found",
      "https://incident.io/blog/intermittent-downtime" },
  },
  glossary = {
    ["event"] = "A message that says what has happened: an order was placed.",
    ["partition"] = "A part of a topic that keeps its order. Each has one reader at a time.",
    ["projector"] = "The program that applies events to the side from which people read.",
    ["poison message"] = "A message that fails whenever it is tried, and holds up what is behind it.",
    ["CQRS"] = "Writing and reading have a side each. What is written appears on the other side a little later.",
  },
}
