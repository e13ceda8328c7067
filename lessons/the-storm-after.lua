-- The storm after: a database has a bad minute, and minutes later, when it has long been quick
-- again, nearly no lock opens. What holds it is not what began it: a check that is not
-- answered within 2 s is asked for again, up to three times, and what was asked first is worked
-- out all the same, for nobody.
--
-- A second: 18 riders come, stations can do 2 cores / 70 ms = 28 checks. Unanswered, each is
-- asked for four times: 72. With 200 checks inside at once each takes 200 / 28 = 7 s, and rides
-- waits for 2 s: all work is thrown away, and all of it comes again. Bronson et al., Metastable
-- Failures in Distributed Systems, HotOS 2021.
--
-- A restart fails for two reasons: while stations is away, calls gather in their pauses and come
-- together when it is back; and it begins at half its speed. (Without pauses of 2 s, and at full
-- speed, every third restart succeeds.)

local DIP, PAGE = min(12), min(17)
local SECOND = min(27) -- a little before the disk is moved for the second time
local CALL = "rides.stations"

local function calls(s) return s:rate(CALL, "requests_total", min(1)) end
local function attempts(s) return s:rate(CALL, "attempts_total", min(1)) end
local function checks_a_minute(s) return 60 * s:rate("checks_done", min(1)) end
local function opened_a_minute(s) return 60 * s:rate("locks_opened", min(1)) end
local function failing(s) return s:good(min(1)) < 0.5 end

-- What texts claim.
local function untouched(s) return not s:changed() end
local function storm(s) return failing(s) and attempts(s) > 2.5 * calls(s) end
local function quick_database(s) return s:database("stations-db").cpu < 0.4 end
local function restarted(s)
  return s:changed() and s:since_first_change() >= sec(1) and s:increase("stations", "restarts_total", s:since_first_change()) > 0
end
local function bounded(s)
  local in_flight = s:param("rides.stations.max_in_flight")
  local breaker = s:param("rides.stations.breaker")
  local budget = s:param("rides.stations.retry_budget")
  return budget > 0 and budget <= 0.3 or in_flight > 0 and in_flight <= 10 or breaker > 0
    or s:param("stations.workers") <= 20 or s:param("rides.stations.timeout") >= sec(8)
end
local function plenty(s) return s:param("stations.instances") > 4 end
local function second_over(s) return s:now() > SECOND + min(3) end

return lesson {
  id = "the-storm-after",
  title = "The storm after",
  track = "recover",
  minutes = 25,
  level = 3,
  summary = "The database had one bad minute. It is long over, and still nobody gets a bicycle.",
  post = {
    title = "The True Code of Production Systems",
    url = "https://www.thetruecode.com/the-true-code-of-production-systems/",
    basis = "title",
  },
  teaches = {
    "what began an outage and what holds it can be two things",
    "retries help against single failures, and feed an overload: give them a budget",
    "work that is done too late is load like any other",
  },

  day_start = "07:46",
  starts_at = PAGE,
  ends_at = min(48),
  good_for = min(12),

  place = [[
    Speiche rents bicycles in a city. Whoever wants one holds a telephone to it: the service
    rides asks the service stations whether that bicycle may go, and opens its lock. In the
    morning 18 riders a second do that. stations reads from one database, stations-db. Nele
    talks to riders, Bram runs the machines, Yusuf wrote rides.
  ]],
  page = [[
    Nele calls: "The locks do not open. A few do, after an age. Bram says the database
    was slow at eight, for a minute. But that is over, isn't it?" No alert has fired.
  ]],
  tools = { "status", "count", "chart", "map", "metrics", "changes", "ps", "logs", "config", "ask", "suspect", "limit",
            "set", "restart", "say", "wait" },

  world = function(w)
    w:counter { "checks_done" }
    w:counter { "locks_opened" }
    w:database { "stations-db", max_connections = 400, cores = 2, connect_time = 0,
      statements = { bicycle = { cpu = exponential(ms(10)) } } }
    w:service { "stations", instances = 2, workers = 100, queue = -1, cores = 1, drain = sec(5),
      start_up = sec(10), warm_up = sec(20), warm_up_factor = 2,
      pool = { to = "stations-db", size = 100 },
      endpoints = { may_go = {
        sometimes(0.02, { fail("the lock did not answer") }), -- what retries are there for
        query("stations-db", "bicycle"), compute(erlang(3, ms(70))),
        log("info", "checked: may go"), count("checks_done") } } }
    w:service { "rides", instances = 4, workers = 512, start_up = sec(10), drain = sec(5),
      calls = { stations = { timeout = sec(2), retries = 3, backoff = "fixed", base = sec(2), jitter = "equal",
        balance = "least_in_flight" } },
      endpoints = { unlock = { compute(ms(1)), call("stations", "may_go"), count("locks_opened") } } }
    w:balancer { "edge", to = "rides" }
    w:client { "riders", to = "edge/unlock", gives_up = sec(10), rate = per_second(vary("riders", 17.6, 18.6)) }
  end,

  promises = { users = { "the lock opens within 4 s", good = 0.99, within = sec(4), window = min(30) } },
  shows = { "checks_done" },

  alerts = {
    threshold { "few checks", of = "checks_done", metric = "total", below = 10, hold = min(2), page = true },
    threshold { "stations-db is busy", of = "stations-db", metric = "cpu", above = 0.9, hold = min(2), page = true },
    threshold { "an instance of stations is gone", of = "stations", metric = "healthy", below = 1.5, hold = sec(30) },
  },

  incident = function(i)
    local v = pick { 27, 61, 84, 106 }
    local dip = vary("dip", DIP - sec(20), DIP + sec(20))
    i:cause(dip, fault("stations-db", "slow", { factor = vary(25, 40) },
      { lasts = sec(60), again = min(15), before = min(35) }))
    i:at(dip, decoy("stations-db", "the provider moves the disk: first half", { by = "provider", final = true }))
    i:red_herring(vary(min(8), min(10)), deploy("rides", "v" .. v, { by = pick { "Yusuf", "deploy bot" }, was = "v" .. v - 1 }))
    i:red_herring(vary(min(3), min(11)), pick("other", {
      decoy("edge", "posters: the first ride is free", { by = "marketing", final = true }),
      decoy("stations", "200 bicycles more in the north", { by = "Edda", final = true }),
      decoy("edge", "certificate renewed", { by = "Bram" }),
    }))
    i:at(PAGE, ticket("Nele (riders)",
      pick("words", { "The locks do not open. A few do, after an age. Is that still the database?",
                      "People stand before the bicycles and no lock opens. The database is over, Bram says." })))
    i:at(SECOND, ticket("Bram (machines)",
      "The provider writes: the second half of the disk is moved in a minute. The database will be slow once more."))
  end,

  quiet = {
    by = "nele",
    says = "A rider writes that a lock opened only at the second try. Is that how it begins?",
    debrief = [[Two checks in a hundred fail by themselves, and are asked for again: that is what retries are for. The
      lock opened.]],
  },

  expect = {
    at = PAGE,
    moves = {
      ["nearly no lock opens in time"] = function(s) return s:good(min(1)) < 0.2 end,
      ["each call is made several times"] = function(s) return attempts(s) > 3 * calls(s) end,
      ["stations works for nobody"] = function(s)
        return s:rate("stations", "abandoned_total", min(1)) > 0.8 * s:rate("checks_done", min(1)) end,
    },
    normal = {
      ["the database is idle"] = function(s) return s:database("stations-db").cpu < 0.4 end,
      ["more checks are done than before"] = function(s) return s:rate("checks_done", min(1)) > 25 end,
      ["all instances are healthy"] = function(s)
        return s:service("stations").healthy == 2 and s:service("rides").healthy == 4 end,
      ["no more riders than before"] = function(s) return s:rate("riders", "visits_total", min(1)) < 21 end,
      ["no alert"] = function(s) return not s:alerting() end,
    },
  },

  suspects = {
    { "stations", "retry-storm", right = true, also = { "rides", CALL } },
    { "stations", "overload", part = true },
    { "stations-db", "slow-dependency", reply = "It was slow. How busy is it now?" },
    { "rides", "bad-deploy", reply = "When was it put out, and when did the first lock stay shut?" },
    { "edge", "traffic-spike", also = { "riders" }, reply = "How many riders come now, and how many came before eight?" },
    { "stations.pool", "pool-too-small", reply = "If connections were short, checks would wait for one. Do they?" },
  },
  facts = {
    { "each call is made about four times", when = function(s) return attempts(s) > 2.5 * calls(s) end,
      seen = { "rides.stations:metrics", "rides.stations:metric.attempts_total", "rides.stations:metric.retries_total",
        "stations:metric.requests_total" },
      fits = { "retry-storm", "overload", "slow-dependency", "bad-deploy", "pool-too-small" },
      tells = "As many riders come as ever, and rides asks stations about four times for each." },
    { "the database is busy", when = function(s) return s:database("stations-db").cpu > 0.6 end,
      seen = { "status", "stations-db:metrics", "stations-db:metric.cpu" }, fits = { "slow-dependency" },
      tells = "The database's processors have next to nothing to do." },
    { "riders were well after the new version", seen = { "riders:metric.bad_total", "riders:metrics", "locks_opened:metric.total" },
      when = function(s) return s:ago("riders", "bad_total", s:now() - DIP + sec(40)) < 100 end,
      fits = { "retry-storm", "overload", "slow-dependency", "traffic-spike", "pool-too-small" },
      tells = "Locks opened for minutes after the new version, and then all at once they did not." },
    { "more riders come than before", when = function(s) return s:rate("riders", "visits_total", min(1)) > 25 end,
      seen = { "riders:metrics", "riders:metric.visits_total", "edge:metrics", "edge:metric.requests_total" },
      fits = { "traffic-spike" },
      tells = "As many riders come as before eight." },
    { "checks wait for a connection", when = function(s) return s:pool("stations.pool").pool_waiting > 5 end,
      seen = "stations:pool", fits = { "pool-too-small" },
      tells = "No check waits for a connection: most connections are free." },
  },

  people = {
    nele = { "Nele", role = "riders", desk = true },
    bram = { "Bram", role = "machines", knows = {
      { "stations-db", "The provider moves its disk, in two halves, a quarter of an hour apart. While it is moved the database is slow, for a minute. We cannot put it off.",
        when = function(s) return s:now() < SECOND + min(2) end },
      { "stations-db", "Both halves of the disk are moved. It is quick." },
      { "stations", "Two machines with one core each. They have always been enough, with a third to spare." } } },
    yusuf = { "Yusuf", role = "wrote rides", knows = {
      { "rides", "If stations does not answer within 2 s, rides asks again, up to three times. With pauses, and the pauses are spread at random. All by the book." },
      { "retries", "Two checks in a hundred fail, as a lock does not answer. Asked again, it does. So we cannot do without." },
      { "stations", "It does not notice that rides has stopped waiting. It finishes each check that it has begun." } } },
  },
  reactions = {
    { on = "customer", by = "nele", "A rider writes: the fourth bicycle, and none of them opens. I walk now." },
    { on = "silence", by = "nele", "I still say \"the database was slow\" to everybody. Is that still true?" },
    { by = "bram", when = function(s) return s:now() > PAGE + sec(100) and untouched(s) and storm(s) end,
      "Both machines of stations are at 100 %, and their logs look well. I would restart them. You decide." },
    { by = "bram", when = function(s) return restarted(s) and storm(s) and s:since_change() > sec(70) end,
      "I saw it come up, fresh and empty. A few seconds, and it was full again. How?" },
  },

  values = {
    checks = { "count", checks_a_minute },
    opened = { "count", opened_a_minute },
    came = { "number", function(s) return s:rate("riders", "visits_total", min(1)) end },
    riders = { "number", function(s) return s:total("riders", "visits_total") / (s:now() / sec(1)) end },
    four = { "number", function(s) return 4 * s:total("riders", "visits_total") / (s:now() / sec(1)) end },
    with_budget = { "number", function(s) return 1.1 * s:total("riders", "visits_total") / (s:now() / sec(1)) end },
    gathered = { "count", function(s) return 4.5 * s:total("riders", "visits_total") / (s:now() / sec(1)) end },
    sent = { "number", attempts },
    share = { "share", function(s) return 1 - s:good(min(1)) end },
    all_checks = { "count", function(s) return s:total("checks_done") end },
    all_opened = { "count", function(s) return s:total("locks_opened") end },
    lost = { "count", function(s) return s:total("riders", "bad_total") end },
  },

  steps = {
    find { "wall", title = "The number on the wall", of = "number", answer = opened_a_minute, within = 0.35,
      say = { { when = function(s) return untouched(s) and checks_a_minute(s) > 1400 end,
          [[On the wall hangs the number of checks that stations does: {checks} a minute, more than on any morning. No alert, all
          instances healthy. That is what stations says of itself. How many locks were opened in the last minute?]],
          claims = { function(s) return not s:alerting() end, function(s) return s:service("stations").healthy == 2 end } },
        "On the wall hangs the number of checks that stations does. How many locks were opened in the last minute?" },
      near = "Near. They change while you look: take the last minute.",
      wrong = "The business counts two things here. One of them is not on the wall.",
      solution = { "count" },
      done = { { when = storm, "{opened}, and {checks} checks were done in that minute. Both numbers are true.",
          claims = function(s) return opened_a_minute(s) < 0.6 * checks_a_minute(s) end },
        "{opened} in the last minute." },
      hints = { "Whom does a check help? Somebody before a bicycle.", "What the business counts, all of it: one command lists it.",
        "The command count. Take locks_opened, a minute." } },

    find { "since", title = "Since when?", answer = "since", moot = false,
      say = "Nele called at 08:03. Since when do locks stay shut? Type a time.",
      near = "Near. Where exactly does the line leave its height?",
      wrong = "From what do you read it? Draw the number that riders feel, over the last quarter of an hour.",
      solution = { "chart locks_opened --since 16m" },
      done = { { when = untouched, "All at once, and it has not come back since.", claims = failing }, "All at once." },
      hints = { "A number that falls when riders are hurt.", "Draw the locks that were opened, since 07:46.",
        "chart locks_opened --since 16m" } },

    find { "began", title = "What began it?", answer = "trigger", moot = false,
      say = [[Several things happened this morning. Hold the time that you found against them. What began it? Type its
        number in the list of changes, a component, growth, or nothing.]],
      wrong = "When was that? And how were riders in the minute after it?",
      solution = { "changes", "chart stations-db.cpu --since 16m", "trigger stations-db" },
      done = "The provider moved the first half of the database's disk. For one minute, stations-db was slow.",
      hints = { "There is a list of what was done, with times.", "One of them has the minute that you found.",
        "changes, then chart stations-db.cpu --since 16m", "trigger stations-db" } },

    find { "over", title = "It is over. Is it?", of = "share", within = 0.2, watch = true,
      answer = function(s) return 1 - s:good(min(1)) end,
      say = { { when = function(s) return untouched(s) and quick_database(s) end,
          [[Since about 07:59 the database is quick again: look at it. So it should get better by itself. Touch nothing,
          and let a minute go by. Which share of the riders was served badly in that minute?]],
          claims = quick_database },
        "Look at the database: is it slow now? Let a minute go by. Which share of the riders was served badly in that minute?" },
      near = "Near. Those who were served badly, of those who came in the last minute.",
      wrong = "How many came in that minute, and how many of them were served badly? The riders have both numbers.",
      solution = { "status", "wait 1m", "chart riders" },
      done = { { when = function(s) return storm(s) and quick_database(s) end,
          "{share}. What began it has been gone for minutes. Something else holds it.",
          claims = { storm, quick_database } },
        "{share}." },
      hints = { "The database first: has it anything to do?", "Then the riders: visits, and bad ones.",
        "status, then wait 1m, then chart riders: bad_total of visits_total" } },

    find { "where", title = "What holds it?", answer = "suspect",
      say = [[stations does more checks than ever, and next to no lock opens. Count along the way: how many riders come in a
        second, how often does rides ask stations, and what becomes of the answers? Then write down place and mechanism.]],
      wrong = "What you have seen does not say so yet. Compare what comes into rides with what rides sends on.",
      solution = { "status", "chart riders --since 16m", "chart edge", "ps stations", "metrics rides.stations", "metrics stations",
        "suspect stations retry-storm because metrics" },
      done = { { when = storm,
          [[{came} riders a second, and rides asks {sent} times a second. stations answers most of it when nobody waits any
          more; so rides asks again. The storm feeds itself.]],
          claims = function(s) return attempts(s) > 2 * s:rate("riders", "visits_total", min(1)) end },
        "rides asked four times for each rider, and stations answered when nobody waited any more." },
      hints = { "Between rides and stations there is something with settings and counters of its own.",
        "It is called rides.stations. How many calls, and how many attempts?",
        "metrics rides.stations, then metrics stations: abandoned_total counts what was finished for nobody.",
        "suspect stations retry-storm because metrics" } },

    predict { "forecast", title = "Bram's restart", change = { "restart stations or restart stations --rolling" },
      moot_when = function(s) return s:changed() and not failing(s) end,
      say = { { when = failing,
          [[Bram wants to restart stations, and nearly everybody would: it comes up empty and quick, and the database is well.
          Compare two minutes after it with now. For each line: up, same or down? Type both, with a comma.]],
          claims = quick_database },
        "Suppose stations is restarted. Compare two minutes after it with now: up, same or down? Type both, with a comma." },
      of = {
        { "locks opened a minute", value = opened_a_minute, after = min(2) },
        { "calls from rides to stations a second, all attempts", value = attempts, after = min(2) },
      },
      hints = { "What is thrown away by a restart of stations, and what is not?",
        "Where are the calls while stations is away? Who remembers them?" } },

    act { "restart", title = "Let him have it",
      moot_when = function(s) return s:changed() and not failing(s) end,
      say = { { when = failing, [[Hardly anybody is served, so little can be lost. Let Bram restart stations, and look again two minutes later.
          Or leave it out, if you are sure, and stop the storm at once.]] },
        "Restart stations, and look again two minutes later. Or stop the storm at once." },
      goal = function(s)
        return restarted(s) and s:since_change() >= min(2) or s:changed() and not restarted(s) and s:good_for(min(3))
      end,
      solution = { "restart stations", "wait 150s" },
      done = { { when = function(s) return storm(s) and restarted(s) end,
          [[It came up empty, and was full again within seconds: {share} are served badly. The calls had waited in rides,
          and came together; each that is late comes again. The storm is between the two, not in stations.]],
          claims = storm },
        "{share} of the riders were served badly in the last minute." },
      hints = { "One command, and two minutes.", "restart stations, all of it at once.", "restart stations, then wait 150s" } },

    act { "stop", title = "Stop the storm",
      say = { { when = storm, [[Riders first: three good minutes. The storm lives as long as more is asked than stations can do, {sent} a second.
          How can less be asked, for a moment or for good?]] },
        "Riders first: three good minutes. How can less be asked of stations, for a moment or for good?" },
      goal = function(s) return s:good_for(min(3)) end,
      solution = { "limit edge 5", "wait 1m", "limit edge off", "wait 4m" },
      done = { { "Locks open: {opened} a minute. What is asked is {sent} a second again.",
        claims = function(s) return attempts(s) < 30 end } },
      hints = { "If next to nobody came for a minute, what would become of the storm?",
        "At the edge riders can be turned away, and let in again. Or look at the settings of the call: config rides.stations.",
        "limit edge 5 lets five a second in; limit edge off takes that away.",
        "limit edge 5, wait 1m, limit edge off, then wait 4m" } },

    say_update { "tell", title = "Tell people",
      say = [[Nele still says "the database was slow". Post an update: who was hurt, since when, how many, how it stands,
        and when you write again. Only the first half of the disk was moved: ask Bram what comes next.]],
      needs = { "who", "since", "impact", "state", "next" },
      solution = { "say --who riders --since 07:58 --impact 95% --state mitigated --next 08:30" },
      done = "Nele writes it on the page for riders.",
      hints = { "Could it come back? Then it is not cured.", "The share that you read off, and the time of the first.",
        "say --who riders --since 07:58 --impact 95% --state mitigated --next 08:30" } },

    ask { "second", title = "The second half of the disk",
      say = { { when = function(s) return s:now() < SECOND end,
          [[A quarter of an hour after the first half of the disk the second is moved: one slow minute, and nobody can put it off.
          Suppose each call is still made again up to three times, as often as it fails. How are riders five minutes after it?]] },
        [[The second half of the disk makes the database slow for a minute, as the first did. Suppose each call is still made
          again up to three times, as often as it fails. How are riders five minutes after that minute?]] },
      choices = {
        { "Well: it is only a minute.", reply = "The first one was only a minute, too." },
        { "As they were at 08:03, if nothing is changed.", right = true,
          reply = "Yes. The same push, on the same system. A bad minute cannot be prevented; what it does afterwards can." },
        { "Half of them are served.", reply = "What would hold it half way? The more is late, the more is asked." },
      },
      moot = false,
      hints = { "What was different at 07:57, before the first half?", "Nothing was.", "The second answer." } },

    act { "cure", title = "Make it survive a bad minute",
      say = { { when = function(s) return s:now() < SECOND end,
          [[Less must be asked than stations can do, also while it fails. Change that, and let the second half of the disk
          come. You are done when twelve minutes after it have been good.]] },
        [[Less must be asked than stations can do, also while it fails. You are done when twelve minutes after the second
          half of the disk have been good.]] },
      goal = function(s) return s:good_for(min(12)) and second_over(s) end,
      solution = { "set rides.stations.retry_budget 10%", "wait 20m" },
      done = { { when = bounded, "The database was slow once more, riders had one bad minute, and after it they were well. Nobody had to do anything.",
          claims = function(s) return s:good(min(5)) > 0.98 end },
        "Twelve good minutes after it." },
      hints = { "Retries are needed: two checks in a hundred fail by themselves. How many retries are enough for that?",
        "Retries as a share of calls; or a limit to how many calls may be under way at once.",
        "config rides.stations: retry_budget, max_in_flight, breaker.",
        "set rides.stations.retry_budget 10%, then wait 20m" } },

    say_update { "close", title = "Say how it stands",
      say = "The second half is over, and riders are well. Bram and Nele have your last word from before that. How does it stand?",
      needs = { "who", "since", "impact", "state" },
      solution = { "say --who riders --since 07:58 --impact 95% --state recovered --next 09:00" },
      hints = { "Is what held it gone? Is anything left of it?", "Cured: it cannot hold itself any more. Recovered: and nothing is left of it.",
        "say --who riders --since 07:58 --impact 95% --state recovered --next 09:00" } },

    prevent { "prevent", title = "What keeps a bad minute short?",
      say = "Disks will be moved again. Which of these would have made this morning a bad minute, and no more?",
      hints = { "Which of these bounds what is asked of stations?", "A share of the calls, or a number at once." } },
  },

  traps = {
    { "second", when = function(s)
        return s:changed() and second_over(s) and not bounded(s) and not plenty(s) and storm(s)
          and s:since_change() > min(2) and s:now() < SECOND + min(8)
      end,
      say = [[The disk was moved for the second time, one minute long, and it is as it was at eight. The storm was gone, and what
        feeds it was not.]] },
    { "more-retries", when = function(s) return s:param("rides.stations.retries") > 3 and storm(s) and s:since_change() > sec(50) end,
      say = "Each rider is asked for more often now: {sent} a second. How many can stations do?" },
    { "no-retries", when = function(s)
        return s:param("rides.stations.retries") == 0 and s:since_change() > min(2) and not failing(s)
      end,
      say = [[The storm is gone. But two checks in a hundred fail by themselves, and now nobody asks again: those riders
        stand before a lock.]] },
    { "more-room", when = function(s) return s:param("stations.workers") > 100 and s:since_change() > sec(50) end,
      say = "More may be inside at once, on the same two cores. So each takes longer still, and more of it is for nobody." },
    { "one-more", when = function(s)
        return s:instances("stations") > 2 and s:instances("stations") < 6 and storm(s) and s:since_change() > sec(90)
      end,
      say = "There is more room, and {sent} calls a second fill it. How much would be needed for all of them?" },
  },

  fixes = {
    { "A budget for retries", { "set rides.stations.retry_budget 10%", "wait 14m" },
      used = function(s) return s:param("rides.stations.retry_budget") > 0 end,
      says = "One retry for ten calls: enough for the two in a hundred that fail by themselves, and never more than stations can do." },
    { "A limit to the calls under way", { "set rides.stations.max_in_flight 5", "wait 14m" },
      used = function(s) return s:param("rides.stations.max_in_flight") > 0 end,
      says = "Four times five calls at once: what is let in is done in time. What is refused costs nothing, and comes again." },
    { "Fewer workers in stations", { "set stations.workers 10", "restart stations --rolling", "wait 14m" },
      used = function(s) return s:param("stations.workers") < 50 end,
      says = "The same limit at the other end: 20 checks at once take less than a second each. More are refused, which costs nothing." },
    { "A circuit breaker", { "set rides.stations.breaker 50%", "wait 14m" },
      used = function(s) return s:param("rides.stations.breaker") > 0 end,
      says = "When half of the calls fail rides stops asking for five seconds. stations got rid of its old work in that time." },
  },
  wrong = {
    { "Restart stations", { "restart stations" }, harm = "nothing",
      used = function(s) return restarted(s) and s:param("stations.workers") == 100 end,
      says = [[It came up empty. The calls of the last seconds sat in their pauses in rides, and all came within two seconds. It
        was full before it was warm.]] },
    { "Take back the new version", { "rollback rides" }, harm = "nothing",
      says = "Riders were well with it for minutes. The version before asks again three times, too." },
    { "Restart rides, all at once", { "restart rides" }, harm = "fragile", breaks_by = "the second half of the disk", breaks_at = SECOND,
      says = [[It threw away the calls, and for ten seconds nobody asked: the storm was gone. What feeds it was not, and the next slow
        minute brought it back.]] },
    { "Turn riders away for a minute", { "limit edge 5", "wait 1m", "limit edge off" }, harm = "fragile",
      breaks_by = "the second half of the disk", breaks_at = SECOND,
      used = function(s) return s:total("edge", "limited_total") > 300 and not bounded(s) end,
      says = "The quickest way to end a storm. It keeps no other from beginning: the next slow minute did." },
    { "Turn most riders away, and stay so", { "limit edge 5" }, harm = "partial",
      used = function(s) return s:param("edge.limit") >= 0 end,
      says = "Five a second were served well. Thirteen a second were sent away, for good." },
    { "No retries", { "set rides.stations.retries 0", "wait 14m" }, harm = "partial",
      used = function(s) return s:param("rides.stations.retries") == 0 end,
      says = "It ends the storm. But two checks in a hundred fail by themselves, and each of them is now a rider before a lock." },
    { "More retries", { "set rides.stations.retries 6" }, harm = "nothing",
      used = function(s) return s:param("rides.stations.retries") > 3 end,
      says = "More of the same: each call that is late is made up to seven times, by those who are in the way of the others." },
    { "Longer pauses", { "set rides.stations.backoff exponential" }, harm = "nothing",
      used = function(s) return s:param("rides.stations.backoff") ~= "fixed" end,
      says = "Pauses spread the same calls over more time. They do not make them fewer, and it is their number that counts." },
    { "A shorter timeout", { "set rides.stations.timeout 1s" }, harm = "nothing",
      used = function(s) return s:param("rides.stations.timeout") < sec(2) end,
      says = "Less patience makes more calls late. stations works on what was given up all the same." },
    { "One instance more", { "scale stations 3" }, harm = "nothing",
      used = function(s) return s:param("stations.instances") == 3 end,
      says = "Half as much again is 43 checks a second. The storm asks for over 70." },
    { "More room in stations", { "set stations.workers 400", "restart stations --rolling" }, harm = "nothing",
      used = function(s) return s:param("stations.workers") > 100 end,
      says = "With more inside at once each check takes longer. All of it is late." },
    { "Four times the instances", { "scale stations 8", "wait 14m" }, harm = "costly", price = plenty, used = plenty,
      says = "114 checks a second: more than the storm can ask. It wins, with four times the machines for one minute in a morning." },
  },

  prevention = {
    { "A budget for retries: 10 % of the calls.", right = true, effort = "one line",
      with = { set("rides.stations.retry_budget", 0.1) },
      reply = "Yes. The bad minute stays a minute. So would it with a limit to what stations takes in at once." },
    { "A limit to the checks inside stations: 10 for each instance.", right = true, effort = "one line",
      with = { set("stations.workers", 10) },
      reply = "Yes. What it takes in it can finish in time. So would a budget for retries bound it." },
    { "An alert when fewer locks are opened than usual.", right = true, effort = "an hour",
      alert = threshold { "few locks opened", of = "locks_opened", metric = "total", below = 10, hold = sec(30) },
      reply = "Yes: it would have called in the first minute. The number on the wall never would. A bound saves more." },
    { "Exponential pauses between retries.", effort = "one line",
      with = { set("rides.stations.backoff", "exponential") },
      reply = "They spread the calls over more time, and do not make them fewer." },
    { "A third instance of stations.", effort = "one line, money",
      with = { set("stations.instances", 3) },
      reply = "The slow minute fills it like the others. The storm asks for over 70 checks a second." },
  },

  debrief = [[
    The provider moved a disk, and for one minute stations-db was slow. In that minute checks took longer than 2 s. rides
    stopped waiting and asked again, up to three times: {four} checks a second for {riders} riders.

    Then the database was well. But stations held 200 checks, and with 200 at once each takes 7 s. rides waits for 2. So
    nearly every answer came when nobody waited for it; each of these was asked for again; and that kept the 200 at 200. What
    began it was gone after a minute. What held it was the answer to it.

    stations was not broken. It did more checks than on any morning, and its logs said "may go". For whom, it did not ask.

    Such a state is called metastable: a push brings a system into it, and taking the push away does not bring it back. Less
    must be asked for a while (turn riders away, stop asking). And so that the next push is only a push, what is asked must have
    a bound that holds also when everything fails: a budget for retries, a limit to what is inside.

    Pauses and jitter keep retries from coming in step; they do not make them fewer. A restart empties stations, while the
    calls wait in rides.
  ]],
  sums = {
    "{riders} riders a second came this morning. stations can do 2 cores / 70 ms = 28 checks a second.",
    "Unanswered, each is asked for 1 + 3 = 4 times: {four} a second.",
    "Inside at once: 2 x 100 = 200. 200 / 28 = 7 s for a check; rides waits for 2 s.",
    "While stations was away, {riders} riders a second x 3 pauses x 1.5 s = {gathered} calls sat in pauses. Cold, it can do 14 a second.",
    "A budget of 10 %: 1.1 x {riders} = {with_budget} a second. A limit of 4 x 5: 20 / 28 = 0.7 s for a check.",
    "This run: {all_checks} checks done, {all_opened} locks opened, {lost} riders served badly.",
  },
  real = {
    { "Amazon DynamoDB, 20 September 2015: a short network disruption, then storage servers asked the metadata service again and again; requests to it had to be paused",
      "https://aws.amazon.com/message/5467D2/" },
    { "Huang et al., OSDI 2022: 22 metastable failures of 11 organizations, told from their public reports",
      "https://www.usenix.org/conference/osdi22/presentation/huang-lexiang" },
    { "Finagle has had it since 2016: a retry budget, 20 % of requests by default, on top of 10 retries a second",
      "https://finagle.github.io/blog/2016/02/08/retry-budgets" },
  },
  glossary = {
    ["retry"] = "To ask again what was not answered, or not in time.",
    ["attempt"] = "One time of asking. A call with three retries can be four attempts.",
    ["retry budget"] = "A bound to all retries together: a share of the calls.",
    ["metastable"] = "Stays bad after what made it bad is gone, as it holds itself.",
    ["circuit breaker"] = "Stops calls for some seconds when too many fail, then tries one.",
    ["shed"] = "To turn some away at once, so that the others can be served.",
  },
}
