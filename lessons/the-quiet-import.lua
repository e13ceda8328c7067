-- Nothing to report: an import swallows the rows that it cannot read, says so at debug level
-- alone, and confirms them as done. Rows in and rows done are the same number to the last
-- digit; rows written are fewer.
--
-- The property "instant" belongs to a payment (each), so a payment that was dropped is dropped
-- again by the same code, however often it is run. The feed keeps its rows, so all can be run
-- again; the ledger takes what it has already a second time, unless it is told to look.

local SWITCH, PAGE = min(7), min(50)
local FEED = "feed.payments.importer"
local BACK = "queue replay " .. FEED .. " 60m"

local function in_flight(s) return s:of(FEED).lag end
local function doubled(s) return s:of("payments_booked").doubled_total end
-- Payments that the bank has sent and that the ledger does not hold, not even once.
local function missing(s)
  local booked = s:of("payments_booked").total - doubled(s)
  return math.max(0, s:of("payments_received").total - booked - in_flight(s))
end
-- How many there were when the page went off.
local function at_page(s, counter) return s:ago(counter, "total", s:now() - PAGE) end
local function received_now(s) return 60 * s:rate("payments_received", min(2)) end
local function booked_now(s) return 60 * s:rate("payments_booked", min(2)) end

-- What texts claim.
local function untouched(s) return not s:changed() end
local function dropping(s) return booked_now(s) < 0.85 * received_now(s) and in_flight(s) < 60 end
local function silent(s) return dropping(s) and s:of(FEED).failures_total == 0 end
local function all_there(s) return missing(s) < 5 end

-- Rows a second, and the share of them that are instant payments.
local function rows() return vary("rows", 4.6, 5.4) end
local function instant() return vary("share", 0.31, 0.38) end

return lesson {
  id = "the-quiet-import",
  title = "Nothing to report",
  track = "fail",
  minutes = 20,
  level = 3,
  summary = "The import succeeds every time. A third of the payments is nowhere.",
  post = {
    title = "Silence Is a Design Decision",
    url = "https://www.thetruecode.com/the-true-code-of-production-systems/silence-is-a-design-decision/",
    basis = "title",
  },
  teaches = {
    "no error is not the same as no loss: count what goes in and what was written",
    "a cure stops the loss and brings nothing back",
    "running it again is safe only where writes know each other",
  },

  day_start = "13:10",
  starts_at = PAGE,
  ends_at = PAGE + min(75),
  good_for = min(8),

  place = [[
    You are on call for an electricity cooperative. All day the bank sends one row for each
    payment, about five a second. The importer reads the rows and writes them into the
    ledger; the portal shows customers which bills are open. Mara runs support, Tomas does
    the accounts, Ines wrote the importer.
  ]],
  page = [[
    No pager. Mara writes: "A customer paid at half past one and has the bank's receipt. Her
    bill is still open. Is the bank late today?" No alert has fired.
  ]],
  tools = { "status", "queue", "count", "logs", "changes", "db", "suspect", "flag", "deploy",
            "set", "say", "wait", "hint" },

  world = function(w)
    local share = instant()
    local why = pick("why", { "purpose code is empty", "time has a fraction of a second",
                              "unknown field InstrPrty" })
    local find = { compute(exponential(ms(5))), query("ledger-db", "account") } -- whose bill it is
    local book = { query("ledger-db", "book"), count("payments_booked") }
    w:database { "ledger-db", max_connections = 100, cores = 8,
      statements = { account = { cpu = exponential(ms(2)) }, book = { cpu = exponential(ms(4)), wal = 600 },
                     bill = { cpu = exponential(ms(6)), on = "replica" } },
      replica = {} }
    w:counter { "payments_received", amount = 64, amount_sd = 45 }
    w:counter { "payments_booked", amount = 64, amount_sd = 45, per_visit = true, remembers = hours(24) }
    w:flag { "instant-reader" }
    w:flag { "skip-bad-rows", on = true }
    w:broker { "feed", topics = { payments = { partitions = 4, keys = 60000, keep_read = hours(6),
      subscriptions = { importer = { to = "importer/row", consumers = 2, retry_delay = sec(2) } } } } }
    w:service { "intake", instances = 2, workers = 32,
      endpoints = { row = { compute(ms(1)), publish("feed.payments"), count("payments_received") } } }
    w:service { "importer", instances = 2, workers = 16, start_up = sec(12), pool = { to = "ledger-db", size = 10 },
      versions = {
        { "v30", row = { block(find),
          each(share, { when_flag("instant-reader", {
              -- the catch-all: since spring one bad row does not stop the import any more
              when_flag("skip-bad-rows", { log("debug", "row skipped: " .. why), drop() },
                { fail("cannot read row: " .. why) }),
            }, book) }, book) } },
        { "v31", row = { block(find), block(book) } },
      } }
    w:service { "portal", instances = 2, workers = 32, pool = { to = "ledger-db", size = 8, role = "replica" },
      endpoints = { bill = { compute(ms(3)), query("ledger-db", "bill") } } }
    w:balancer { "edge", to = "portal" }
    w:client { "payers", to = "intake/row", rate = per_second(rows()), gives_up = sec(10), reloads = 1 }
    w:client { "viewers", to = "edge/bill", rate = per_second(3), gives_up = sec(8), reloads = 0.4 }
  end,

  promises = {
    users = { "a payment is in the ledger within a minute", good = 0.99, within = min(1), window = min(30),
              clients = { FEED }, hidden = true },
    data = {
      { "every payment that the bank sent is in the ledger", holds = all_there },
      { "no payment is booked twice", broken = function(s) return s:total("payments_booked", "doubled_total") end },
    },
  },
  shows = { "payments_received" },

  alerts = {
    threshold { "importer errors", of = "importer", metric = "errors_total", above = 0.05, hold = min(1), page = true },
    threshold { "rows wait", of = FEED, metric = "lag", above = 500, hold = min(2), page = true },
    threshold { "ledger-db is busy", of = "ledger-db", metric = "cpu", above = 0.9, hold = min(2) },
  },

  incident = function(i)
    local v = pick { 112, 140, 203 }
    i:cause(vary(SWITCH - min(2), SWITCH + min(2)), flag("instant-reader", true, { by = pick { "Ines", "Tomas", "Wei" } }))
    i:red_herring(vary(min(1), min(3)), decoy("intake",
      pick { "the bank's certificate for files renewed", "mail of the bank: maintenance from 22:00 to 23:00",
             "mail of the bank: new hours of the help desk" }, { by = pick { "Ana", "Jon" } }))
    -- a third of the nights each: what lies about besides
    local other = pick { 1, 2, 3 }
    if other == 1 then
      i:red_herring(vary(min(24), min(38)), deploy("portal", "v" .. v, { by = "deploy bot", was = "v" .. v - 1 }))
    elseif other == 2 then
      i:red_herring(vary(min(20), min(34)), decoy("ledger-db", "index of table bills renewed", { by = "Jon" }))
    else
      i:red_herring(vary(min(12), min(30)), decoy("portal", pick { "new text for open bills", "bills are shown by due date" }, { by = "Ana" }))
    end
    i:at(PAGE, ticket("Mara (support)",
      "A customer paid at half past one and has the bank's receipt. Her bill is still open. Is the bank late today?"))
  end,

  expect = {
    at = PAGE,
    moves = {
      ["payments are missing"] = function(s) return missing(s) > 3000 end,
      ["fewer are booked than come in"] = dropping,
    },
    normal = {
      ["nothing fails"] = function(s) return s:increase("importer", "errors_total", PAGE) == 0 end,
      ["no try fails"] = function(s) return s:of(FEED).failures_total == 0 end,
      ["nothing waits"] = function(s) return s:of(FEED).lag < 60 and s:of(FEED).dead_letters == 0 end,
      ["all is done that comes in"] = function(s)
        return s:rate(FEED, "processed_total", min(2)) > 0.9 * s:rate("feed.payments", "published_total", min(2)) end,
      ["no alert"] = function(s) return not s:alerting() end,
      ["probes green"] = function(s) return s:service("importer").healthy == 2 end,
      ["the ledger is idle"] = function(s) return s:database("ledger-db").cpu < 0.2 end,
      ["the replica is not behind"] = function(s) return s:of("ledger-db.replica").lag < sec(5) end,
      ["the portal answers"] = function(s) return s:p99("viewers", min(1)) < ms(500) end,
    },
  },

  suspects = {
    { "importer", "silent-drop", right = true, also = { FEED, "feed.payments", "feed", "instant-reader", "skip-bad-rows", "payments_booked" } },
    { "instant-reader", "bad-config", part = true },
    { FEED, "consumer-lag" },
    { "ledger-db", "replication-lag" },
    { "portal", "bad-deploy" },
    { "intake", "third-party-down" },
  },
  facts = {
    { "fewer booked than received", when = dropping, seen = { "payments_booked" },
      fits = { "silent-drop", "consumer-lag" },
      tells = "Fewer payments are booked than received: they are missing in the ledger itself." },
    { "nothing waits in the feed", when = function(s) return in_flight(s) < 60 end, seen = { FEED },
      fits = { "silent-drop", "replication-lag", "bad-deploy", "third-party-down" },
      tells = "Nothing waits in the feed: every row that came in counts as done." },
    { "rows are skipped and confirmed", when = dropping, seen = { "importer:debug" }, fits = { "silent-drop" },
      tells = "The importer writes at debug level that it skips rows; each is answered with 200." },
    { "the bank sends as always", when = function(s) return received_now(s) > 200 end, seen = { "payments_received" },
      fits = { "silent-drop", "consumer-lag", "replication-lag", "bad-deploy" },
      tells = "The bank's rows come in as they always do." },
  },

  people = {
    mara = { "Mara", role = "support", desk = true },
    tomas = { "Tomas", role = "does the accounts", knows = {
      { "bank", "Their statement says at the end how many rows it has. I compare that with the ledger once a month." },
      { "payments_booked", "The ledger takes what it is given. It can look whether it has a payment already (payments_booked.idempotent); that is off, it was slow once." },
      { "ledger", "The ledger takes what it is given. It can look whether it has a payment already (payments_booked.idempotent); that is off, it was slow once." },
      { "instant-reader", "We wanted instant payments booked with their exact time. So they have a reader of their own since today." },
    } },
    ines = { "Ines", role = "wrote the importer", knows = {
      { "importer", "v31 is ready. I repaired the new reader in it this morning, and it waits for the next release.",
        when = function(s) return s:version("importer") == "v30" end },
      { "importer", "v31 is out, good. Its new reader is mended." },
      { "skip-bad-rows", "In spring one bad row stopped the import for a night. Since then it is caught, noted at debug level, and we go on." },
      { "instant-reader", "It reads the rows of instant payments: about a third of them." },
      { "feed", "The feed keeps its rows for six hours. They can be run again from any moment." },
      { "rows", "The feed keeps its rows for six hours. They can be run again from any moment." },
    } },
  },
  reactions = {
    { on = "customer", by = "mara", "A customer reads the number on his receipt to me. What shall I tell him?" },
    { on = "silence", by = "mara", "Is it the bank or is it us? I would like to say one sentence to those who call." },
    { by = "tomas", when = function(s) return doubled(s) > 20 end,
      "I see payments twice in the ledger. People will ask for their money back. What did you run?" },
  },

  values = {
    missing = { "count", missing },
    twice = { "count", doubled },
    came = { "count", received_now },
    booked = { "count", booked_now },
    then_in = { "count", function(s) return at_page(s, "payments_received") end },
    then_booked = { "count", function(s) return at_page(s, "payments_booked") end },
    then_gone = { "count", function(s) return at_page(s, "payments_received") - at_page(s, "payments_booked") end },
    then_worth = { "count", function(s) return 64 * (at_page(s, "payments_received") - at_page(s, "payments_booked")) end },
    waiting = { "count", in_flight },
    rows = { "number", rows },
    instant = { "share", instant },
    dropped = { "number", function(s) return rows() * instant() end },
    dropped_minute = { "count", function(s) return 60 * rows() * instant() end },
  },

  steps = {
    ask { "first", title = "Every number is green",
      say = [[One customer, one receipt, one open bill. `status` is green and no alert fired. What do you do first?]],
      choices = {
        { "Tell Mara that the bank is late today; they often are.",
          reply = "You do not know that yet. It would be the third thing to say, not the first." },
        { "Find out whether her payment came in, and where its row went.", right = true,
          reply = "Yes. One receipt is a fact: the payment was made. Follow it until it is gone." },
        { "Restart the importer.",
          reply = "Nothing says that it stands still. And you would not know whether it helped." },
      },
      hints = { "What is the one fact that you have?", "A payment with a receipt.", "The second answer." } },

    find { "gap", title = "In, done, written",
      say = { { when = silent, [[The feed says: all that came in is done, nothing waits, no try failed. Believe the ledger more than the
          importer. How many payments has the bank sent since 13:10 that are not booked? Type a number.]],
          claims = function(s) return s:of(FEED).failures_total == 0 end },
        [[When Mara wrote, the feed said: all that came in is done. How many payments are still not booked? Type a number.]] },
      of = "number", answer = missing, within = 0.2,
      near = "Close, but count again: both numbers, since the beginning.",
      wrong = "Two numbers of the business are needed: what came in, and what was booked.",
      solution = { "count" },
      done = { { when = dropping, [[{missing} payments came in, were called done, and are in no book. Not one error was counted on the way.]],
          claims = function(s) return s:of("importer").errors_total == 0 end },
        "{missing} payments are in no book." },
      hints = { "\"Done\" is what the importer says of itself.",
        "The business counts two things here. What are they called?",
        "The command count lists them; take one from the other." } },

    find { "since", title = "Since when?",
      say = [[Since when are payments missing? Look for the moment at which the two numbers part. Type a time.]],
      answer = "since",
      near = "Near. Look at a shorter stretch of the chart.",
      wrong = "Not then. Where does the line of booked payments step down?",
      done = "Long before the first customer wrote. No alert, no error and no red line marks that moment.",
      solution = { "chart payments_booked --since 55m" },
      hints = { "Draw the number that should be as high as the other.",
        "The chart of booked payments has a step.", "chart payments_booked --since 55m" } },

    find { "where", title = "Where does a row end?",
      say = [[A row goes from the feed to the importer, and from there to the ledger. Where does it end, and how can that be silent? Name
        the place and what happens there.]],
      answer = "suspect",
      wrong = "What you have seen does not say so. Who touches a row last, and what does it write down, at any level?",
      solution = { "queue", "logs importer --level debug | tail -5", "suspect importer silent-drop" },
      done = [[The importer meets a row that it cannot read, catches the error, notes it at debug level, and confirms the row as done.]],
      hints = { "Who has the row last?",
        "Logs have levels. Which of them do you see, if you ask for none?",
        "logs importer --level debug shows what is usually left out.",
        "suspect importer silent-drop" } },

    find { "began", title = "What began it?",
      say = [[The importer has caught its errors since spring, and nothing was lost until today. What began it: which change, or none?
        Type its number, or the part that was changed.]],
      answer = "trigger",
      wrong = "That was at another time. Hold the moment at which the two numbers part against the list of changes.",
      solution = { "changes", "trigger instant-reader" },
      done = "Since then the rows of instant payments go to a new reader. It was announced as an improvement.",
      hints = { "You know when. What was changed then?", "The list of changes has their times.",
        "The flag instant-reader: trigger instant-reader" } },

    predict { "forecast", title = "Before you act",
      change = { "flag instant-reader off or deploy importer v31" },
      say = { { when = dropping, [[{booked} payments a minute are booked of {came} that come in. Suppose the importer can read all rows from now on,
          and nothing else is done. For each line: up, same or down? Type both, with a comma.]] },
        [[Suppose the importer can read all rows from now on, and nothing else is done. For each line: up, same or down? Type both, with a comma.]] },
      of = {
        { "payments booked a minute, 3 minutes after the change", value = booked_now, after = min(3) },
        { "payments missing in the ledger, 3 minutes after the change", value = missing, after = min(3) },
      },
      hints = { "What comes in from now on is one thing.", "And what was dropped since 13:17: who would bring it back?" } },

    act { "stop", title = "Stop the loss",
      say = [[First no more rows may be lost. What made the importer meet rows that it cannot read? You are done after three good minutes.]],
      goal = function(s) return s:good_of(FEED, min(3)) > 0.99 and s:since_change() >= min(3) end,
      solution = { "flag instant-reader off", "wait 4m" },
      done = [[From now on every row is booked. {missing} payments are still missing: a cure stops the loss and brings nothing back.]],
      hints = { "What sends rows to a reader that cannot read them?",
        "Take that back, or put a mended reader there: Ines knows of one.",
        "flag instant-reader off, or deploy importer v31, in which the reader is mended; then wait 4m" } },

    say_update { "tell", title = "Tell people",
      say = [[Mara and Tomas need five fields. No more rows are lost, but many are not where they belong. Which state is that?]],
      needs = { "who", "since", "impact", "state", "next" },
      solution = { "say --who payers --since 13:17 --impact 30% --state mitigated --next 14:30" },
      done = "Tomas holds back the reminders of tonight.",
      hints = { "Is it over for the customer with the receipt?", "Mitigated: no new harm, the old is still there.",
        "say --who payers --since 13:17 --impact 30% --state mitigated --next 14:30" } },

    ask { "again", title = "Run it again?",
      say = [[The feed keeps its rows for six hours, so everything since 13:00 can be run again. What becomes of the payments that were booked
        the first time?]],
      choices = {
        { "Nothing: the feed knows what was done.",
          reply = "The feed knows how far it was read. If you go back, it gives out everything behind that place." },
        { "They are booked a second time, unless the ledger looks whether it has them.", right = true,
          reply = "Yes. Two thirds of the rows are in the ledger. Somebody must know them again: the ledger can, if it is told to." },
        { "They are refused: the ledger would notice.",
          reply = "Only if somebody told it to look. Is that so here? `config payments_booked` says." },
      },
      hints = { "Going back gives out all rows, also those that went well.", "config payments_booked", "The second answer." } },

    act { "recover", title = "Bring back what is missing",
      say = [[{missing} payments are missing. Bring them back, and book none twice. Then see that it stays well for nine minutes.]],
      goal = function(s) return all_there(s) and s:good_for(min(8)) and s:since_change() >= min(9) end,
      solution = { "set payments_booked.idempotent on", BACK, "wait 12m" },
      done = [[Nothing is missing. Booked twice: {twice}.]],
      hints = { "Two things, in this order: make it safe, then run it again.",
        "payments_booked.idempotent is off. And go back to a moment before the loss began: an hour will do.",
        "set payments_booked.idempotent on, then " .. BACK .. ", then wait 12m" } },

    prevent { "prevent", title = "What would have told you?",
      say = [[Which of these would have told you long before a customer did?]],
      hints = { "Which of them looks at what was written?", "The one that compares two numbers." } },
  },

  traps = {
    { "again", when = function(s) return doubled(s) > 50 end,
      say = [[The good rows of the past are booked a second time now, each of them. What was dropped is dropped again, as long as the
        same code reads it.]] },
    { "blocked", when = function(s) return not s:flag("skip-bad-rows") and in_flight(s) > 100 end,
      say = [[Now it is loud, and it stands: each partition waits behind its first bad row, and good rows wait with it: {waiting} so far. Silence
        was wrong, and so is this. A bad row belongs aside, where it can be seen and run again.]] },
  },

  fixes = {
    { "The new reader off, then all again, booked once", {
        "flag instant-reader off", "set payments_booked.idempotent on", BACK, "wait 4m" },
      says = [[The old reader can read all rows. The feed still had those that were dropped; the ledger knew the others again.]] },
    { "The mended importer, then all again, booked once", {
        "deploy importer v31", "set payments_booked.idempotent on", "wait 2m", BACK, "wait 4m" },
      says = [[The same forwards: the new reader in v31 reads the rows of instant payments. It takes as long as the instances need.]] },
    { "Bad rows aside, the mended importer, then both again", {
        "set " .. FEED .. ".tries 1", "flag skip-bad-rows off", "set payments_booked.idempotent on",
        "deploy importer v31", "wait 2m", "queue replay " .. FEED, BACK, "wait 4m" },
      says = [[A row that cannot be read is put aside after one try: it is seen, nothing behind it waits, and it is run again when the
        importer can read it.]] },
  },
  wrong = {
    { "Run it again", { BACK }, harm = "nothing", used = function(s) return doubled(s) > 20 end,
      says = [[The same code drops the same rows, and the ledger takes all the others a second time.]] },
    { "Stop at the first bad row", { "flag skip-bad-rows off" }, harm = "worse", client = FEED,
      says = [[It is loud now. But the importer tries the same row for ever, and every good row of its partition waits behind it.]] },
    { "Restart the importer", { "restart importer --rolling" }, harm = "nothing",
      says = [[A restart clears what a process has forgotten to give back. Here it does exactly what it was told.]] },
    { "Double the importer", { "scale importer 4" }, harm = "nothing",
      says = [[Nothing waits. Four instances drop the same third as two.]] },
    { "Half of the instances mended", { "canary importer v31 50%" }, harm = "partial",
      says = [[Half of the partitions are read by the mended version. A canary is for finding out, not for staying.]] },
    { "Bad rows aside, and leave them", { "set " .. FEED .. ".tries 1", "flag skip-bad-rows off" }, harm = "nothing",
      used = function(s) return s:of(FEED).dead_letters > 0 end,
      says = [[Now they can be seen and counted, which is much. They are not booked: somebody has to mend the reader and run them again.]] },
  },

  prevention = {
    { "An alert when fewer payments are booked than received.", right = true, effort = "an hour",
      alert = threshold { "few payments booked", of = "payments_booked", metric = "total", below = 4, hold = min(2) },
      reply = "Yes: it compares what went in with what was written. No error is needed for that." },
    { "A bad row is put aside after one try, and somebody is told.", right = true, effort = "half a day",
      with = { set("skip-bad-rows.on", false), set(FEED .. ".tries", 1) },
      reply = "Yes. A row that cannot be read is then a number that grows, and it can be run again." },
    { "A lower threshold for the importer's error rate.", effort = "one line",
      alert = threshold { "any importer error", of = "importer", metric = "errors_total", above = 0.001, hold = min(1) },
      reply = "There was no error to count: it was caught." },
    { "More importer instances.", effort = "one line, money",
      with = { set("importer.instances", 4) },
      reply = "They would have dropped the same rows, faster." },
  },

  debrief = [[
    Since spring the importer catches every error of a row, notes it at debug level and goes on: one bad row had once
    stopped it for a night. A little after one a flag sent the rows of instant payments to a new reader, which could read none.

    Each such row was caught, noted where nobody looks, and confirmed as done. The feed counted it as processed, the
    importer as answered. Errors 0, lag 0, and the row gone. The bank's number and the
    ledger's number knew it all along; nobody compared them.

    The cure stops the loss. What was lost comes back only if somebody kept it and can tell what is there already: the
    feed keeps rows for six hours, and an idempotent ledger takes each payment once.

    Catch what you can name, count what you catch, put it aside. And compare what went in with what came out: that
    check needs no imagination about what may break.
  ]],
  sums = {
    "{rows} rows a second came in, and {instant} of them were instant payments: {rows} x {instant} = {dropped} a second were lost, {dropped_minute} a minute.",
    "When Mara wrote, {then_in} had come in and {then_booked} were booked: {then_gone} were missing, at 64 each {then_worth} in money.",
    "Run again without a look, the {then_booked} would have been booked twice.",
    "Missing at the end: {missing}. Booked twice: {twice}.",
  },
  real = {
    { "Public Health England, October 2020: 15,841 test results fell off the end of a file on import, for a week, and no error said so",
      "https://www.lbc.co.uk/news/phe-apologises-after-it-glitch-caused-16-000-covid-19-cases-to-be-missed/" },
    { "Kafka Connect has it as a setting: errors.tolerance = all skips what fails, and logging that is off unless it is turned on",
      "https://neo4j.com/docs/kafka/current/sink/error-handling" },
  },
  glossary = {
    ["catch-all"] = "Code that catches every error, whatever it is, and goes on.",
    ["idempotent"] = "Done twice, it has the effect of once: the second time is recognised.",
    ["feed"] = "A log of rows. Reading does not take them away; a reader only remembers how far it is.",
    ["replay"] = "To read a feed again from an earlier place: everything behind it is given out once more.",
    ["debug level"] = "Log lines for those who write the program. They are usually not shown, and often not kept.",
  },
}
