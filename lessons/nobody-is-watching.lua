-- Nobody is watching: somebody deletes rows that are needed, and of two series of backups one
-- writes 400 bytes every half hour and the other has not run for days. Nothing has failed.
--
-- About 2 doors a second ask for their booking; bookings come at 3 a minute day and night, 6
-- on a Saturday afternoon. A third of 620,000 rows is deleted: a third of the doors stay shut.
-- The nightly backup is 24 GB: at 100 MB/s four minutes to bring up, and then days of log, 900
-- times faster than it was written. The replica for reports was paused some minutes before, by
-- chance, and has all.

local HURT, PAGE = min(22), min(40)
local NIGHTLY, DUMP = "bookings-db.nightly", "bookings-db.dump"
local ROWS = "bookings-db.bookings"

local function day() return pick("days", { 10, 8, 9, 11 }) end
local function missing(s) return s:of(ROWS).missing end
local function lost(s) return s:total(ROWS, "lost_total") end
local function refused(s)
  local n = s:rate("locks", "requests_total", min(2))
  return n > 0 and s:rate("locks", "errors_total", min(2)) / n or 0
end
local function nightly_age(s) return s:of(NIGHTLY).last_success_age end
-- The age of the large backup when the letter came.
local function at_page(s) return s:ago(NIGHTLY, "last_success_age", math.max(sec(1), s:now() - PAGE)) end
local function days_old(s) return nightly_age(s) / hours(24) end
-- From today, tried, and not from the time in which rows were missing.
local function proven(s)
  local b = s:of(NIGHTLY)
  return b.last_success_age < hours(24) and b.verified_age >= 0 and b.lacks_rows == 0
end

-- What texts claim.
local function untouched(s) return not s:changed() end
local function rows_gone(s) return missing(s) > 50000 end
local function all_there(s) return missing(s) == 0 end
local function kept(s) return lost(s) == 0 end

return lesson {
  id = "nobody-is-watching",
  title = "Nobody is watching",
  track = "recover",
  minutes = 25,
  level = 2,
  summary = "Bookings are gone. There is a backup every half hour, and not one of them has failed.",
  post = {
    title = "The True Code of Production Systems",
    url = "https://www.thetruecode.com/the-true-code-of-production-systems/",
    basis = "title",
  },
  teaches = {
    "a job that does not run does not fail: its silence must be what calls somebody",
    "a backup is what was put back once, and not what was written",
    "rows come back beside the database; a restore over it takes away what came since",
  },

  day_start = "15:10",
  starts_at = PAGE,
  ends_at = PAGE + min(70),
  good_for = min(8),

  place = [[
    Strandly rents cabins by the sea. No keys: a guest types a number at the door, and the
    lock asks for the booking. It is Saturday, everybody arrives. Bookings are rows in
    bookings-db; locks reads them, site writes them, and overview shows them to the
    guest desk, from the replica reports. Birte sits at the guest desk, Rune looks after
    the machines, Sanne wrote the site, Kaj does the figures.
  ]],
  page = [[
    No pager. Birte writes: "Families stand in the rain. The door says that there is no
    such booking. But I have it here on my screen!" No alert has fired.
  ]],
  tools = { "status", "chart", "logs", "changes", "db", "jobs", "replica", "ask", "suspect",
            "say", "wait", "hint" },

  world = function(w)
    local age = hours(24 * day()) + min(760)
    w:counter { "doors_opened" }
    w:counter { "booked" }
    w:database { "bookings-db", cores = 4, data = 24e9, restore_rate = 100e6, log_replay = 900,
      tables = { bookings = { rows = 620000, row_bytes = 400, grew = 0.05 }, visits = { rows = 900000, grew = 0.4 } },
      backups = { nightly = { every = hours(24), clock = false, last_success = age, rate = 200e6 },
                  dump = { every = min(30), at = min(6), clock = false, rate = 200e6 } },
      replicas = { reports = { delay = ms(5), replay_rate = 5e6 } },
      statements = { find = { cpu = exponential(ms(3)), table = ROWS, must_find = true },
                     book = { cpu = exponential(ms(5)), table = ROWS, inserts = 1, wal = 3000 },
                     list = { cpu = exponential(ms(8)), table = ROWS, must_find = true, on = "replica" } } }
    w:job { "nightly-backup", every = hours(24), at = hours(11), does = NIGHTLY .. ".run", duration = sec(122),
            enabled = false, last_success = age }
    w:job { "dump", every = min(30), at = min(6), does = DUMP .. ".run", duration = sec(1) }
    w:service { "locks", instances = 3, workers = 16, pool = { to = "bookings-db", size = 8 },
      endpoints = { open = { compute(ms(2)), query("bookings-db", "find"), count("doors_opened") } } }
    w:service { "site", instances = 2, workers = 16, pool = { to = "bookings-db", size = 6 },
      endpoints = { book = { compute(ms(6)), query("bookings-db", "book"), count("booked") } } }
    w:service { "overview", instances = 1, workers = 8, pool = { to = "bookings-db", size = 4, role = "replica" },
      endpoints = { show = { compute(ms(4)), query("bookings-db", "list") } } }
    w:client { "guests", to = "locks/open", rate = per_second(vary("rate", 2, 2.4)), gives_up = sec(10), reloads = 0.3 }
    w:client { "bookers", to = "site/book", rate = per_second(0.1), gives_up = sec(10) }
    w:client { "desk", to = "overview/show", rate = per_second(0.3), gives_up = sec(10) }
  end,

  promises = {
    users = { "a door opens within 3 s", good = 0.98, within = sec(3), window = min(30),
              clients = { "guests" }, hidden = true },
    data = {
      { "no booking is lost for good", broken = lost },
      { "every booking is there, or in a copy", holds = function(s) return s:database("bookings-db").rows_without_copy == 0 end },
      { "every booking is there", holds = all_there },
      { "there is a backup of the last day with every booking in it, and it was tried", holds = proven },
    },
  },
  shows = { "doors_opened" },

  alerts = {
    threshold { "bookings-db is busy", of = "bookings-db", metric = "cpu", above = 0.9, hold = min(2), page = true },
    threshold { "the dump fails", of = "dump", metric = "failed_total", above = 0, hold = sec(10), page = true },
  },

  incident = function(i)
    local share = vary("share", 0.28, 0.36)
    local v = pick { 18, 25, 40, 61 }
    i:at(sec(1), fault(DUMP, "empty"))
    i:at(vary(min(5), min(9)), op("bookings-db.reports", "pause_replay", {}, { by = "Kaj" }))
    i:red_herring(vary(min(15), min(20)), deploy("locks", "v" .. v, { by = pick { "Sanne", "deploy bot" }, was = "v" .. v - 1 }))
    i:red_herring(vary(min(10), min(38)), op("bookings-db.visits", "delete_rows", { share = 0.4, meant = true }, { by = "Rune" }))
    i:red_herring(vary(min(11), min(34)), decoy(pick { "site", "overview" },
      pick { "new pictures of the north beach", "prices of October", "text for late arrivals" },
      { by = pick { "Mette", "Otto" }, final = true }))
    i:cause(vary(HURT - min(1), HURT + min(1)),
      op(ROWS, "delete_rows", { share = share }, { by = pick { "Sanne", "Otto", "Mette" } }))
    i:at(PAGE, ticket("Birte (guest desk)",
      "Families stand in the rain. The door says that there is no such booking. But I have it here on my screen!"))
  end,

  -- how it was meant to be: it runs each night, and somebody has tried it
  twin = { set("nightly-backup.enabled", true), set("nightly-backup.last_success", min(760)),
           set(NIGHTLY .. ".last_success", min(760)), set(NIGHTLY .. ".last_verified", hours(80)) },

  expect = {
    at = PAGE,
    moves = {
      ["doors stay shut"] = function(s) return s:good_of("guests", min(2)) < 0.8 end,
      ["rows are missing"] = rows_gone,
    },
    normal = {
      ["no alert"] = function(s) return not s:alerting() end,
      ["the database is idle"] = function(s) return s:database("bookings-db").cpu < 0.2 end,
      ["all locks are healthy"] = function(s) return s:service("locks").healthy == 3 end,
      ["what is answered is quick"] = function(s) return s:p99("guests", min(2)) < ms(500) end,
      ["the desk sees its bookings"] = function(s) return s:good_of("desk", min(2)) > 0.99 end,
      ["every dump has ended well"] = function(s) return s:of("dump").failed_total == 0 and s:of(DUMP).failures_total == 0 end,
      ["the newest backup is 400 bytes"] = function(s) return s:of(DUMP).last_size_bytes < 1000 end,
    },
  },

  suspects = {
    { "bookings-db", "rows-deleted", right = true, also = { ROWS } },
    { "locks", "bad-deploy", reply = "It was put out some minutes before. What would a version that is wrong say at the door?" },
    { "bookings-db", "replication-lag", also = { "bookings-db.reports" },
      reply = "The desk and the doors see different things. Which of the two reads from the replica?" },
    { "bookings-db", "overload", reply = "A database with too much to do is busy, and slow. Is it?" },
    { "locks", "network-loss", reply = "Packets that are lost make answers late. Are the answers late?" },
  },
  facts = {
    { "doors are told that there is no such row", seen = { "locks:logs", "locks:error", "locks:traces" },
      when = function(s) return refused(s) > 0.1 end, fits = { "rows-deleted", "replication-lag" },
      tells = "The doors get an answer, at once: no such row." },
    { "the leader has fewer rows than before", seen = { ROWS .. ":metric.rows" },
      when = rows_gone, fits = { "rows-deleted", "bad-deploy" },
      tells = "The leader itself has a third fewer rows than before, from one second to the next." },
    { "the database is busy", seen = { "status", "bookings-db:metrics" },
      when = function(s) return s:database("bookings-db").cpu > 0.7 end, fits = { "overload" },
      tells = "The database has next to nothing to do." },
  },

  people = {
    birte = { "Birte", role = "guest desk", desk = true, knows = {
      { "overview", "My screen shows every booking. It is the doors that do not know them." },
      { "users", "About every third family. The others walk in as always." } } },
    rune = { "Rune", role = "machines", knows = {
      { "backups", "There is a dump every half hour, and a large backup every night. The dump has never failed." },
      { "dump", "Every half hour since spring. It has never failed, or I would have had a mail." },
      { "nightly-backup", "I switched it off when we moved the disks, for one night. Is it not on again?" },
      { "nightly", "The large one. I switched its job off when we moved the disks, for one night. Is it not on again?" },
      { "log", "The log goes to a store far away, and is kept for a month. A backup can be brought to any moment with it." },
      { "bookings-db", "The log goes to a store far away, and is kept for a month. A backup can be brought to any moment with it." } } },
    sanne = { "Sanne", role = "wrote the site", knows = {
      { "bookings", "We clean up by hand. One line of SQL. I should have counted the rows first." },
      { "locks", "A lock asks for a booking by its number. If there is none, it stays shut." } } },
    kaj = { "Kaj", role = "figures", knows = {
      { "reports", "I stopped its replay at a quarter past three: the figures must not move while I add them up. Shall I let it go on?" } } },
  },
  reactions = {
    { on = "customer", by = "birte", "A father of three asks if he shall sleep in the car. What do I say?" },
    { on = "silence", by = "birte", "They come to my desk now. Give me one sentence that is true." },
    { by = "rune", when = function(s) return s:now() >= PAGE + min(3) and rows_gone(s) and untouched(s) end,
      "Just restore the last dump, it is minutes old. That is what we have it for." },
  },

  values = {
    missing = { "count", missing },
    lost = { "count", lost },
    rows = { "count", function(s) return s:of(ROWS).rows end },
    refused = { "share", refused },
    days = { "number", days_old },
    holds = { "bytes", function(s) return s:database("bookings-db").data_bytes end },
    then_days = { "number", function(s) return at_page(s) / hours(24) end },
    then_log = { "duration", function(s) return at_page(s) / 900 end },
    then_new = { "count", function(s) return at_page(s) / sec(1) * 0.05 end },
    then_gone = { "count", function(s) return s:ago(ROWS, "missing", math.max(sec(1), s:now() - PAGE)) end },
    size = { "bytes", function(s) return s:of(DUMP).last_size_bytes end },
  },

  steps = {
    find { "since", title = "Since when?", answer = "since",
      say = [[Some doors open and some do not. Those that open are counted. Since when are there fewer?]],
      near = "Near. In which minute does the line step down?",
      wrong = "What did you read that from? Look at the number that says how many doors open.",
      solution = { "chart doors_opened --since 40m" },
      done = "At one moment, about a third of the doors. The rest open as they always do.",
      hints = { "What would be lower, if doors stay shut?", "One counter says how many doors were opened.",
        "chart doors_opened --since 40m" } },
    find { "where", title = "What do the doors hear?", answer = "suspect",
      say = [[Birte sees a booking that the door does not know. What does the lock get as an answer, and what is different
        where it asks? When you know, write down place and mechanism.]],
      solution = { "logs locks | tail -5", "chart bookings-db.bookings.rows --since 40m", "status",
                   "suspect bookings-db rows-deleted" },
      done = { { when = rows_gone, "{missing} rows are gone from the table. Nothing failed: it did what it was told.",
          claims = rows_gone }, "Rows were gone from the table. Nothing failed: it did what it was told." },
      hints = { "A lock gets an answer, and quickly. Which?", "A table has a number of rows. Has it changed?",
        "logs locks | tail -5 shows the answers; chart bookings-db.bookings.rows draws the rows.",
        "suspect bookings-db rows-deleted" } },
    find { "trigger", title = "What began it?", answer = "trigger",
      say = [[A version was put out, a replay was paused, and somebody tidied up. Which of these began it? Type its number, or the part
        that was changed.]],
      wrong = "When was that done, and when did the number of rows fall?",
      solution = { "changes", "trigger bookings-db" },
      done = "Somebody cleaned up by hand, with one condition too few. It was committed in the same second.",
      hints = { "You know when. What was done then?", "The list is called changes.",
        "trigger bookings-db" } },
    find { "size", title = "What is in the dump?", of = "number",
      answer = function(s) return s:of(DUMP).last_size_bytes end, within = 0.05,
      say = [[Rune says: restore the last dump, it is minutes old and has never failed. Before anything is put back: how many bytes does
        it hold?]],
      wrong = "Look at the list of what could be put back. One column is the size.",
      solution = { "db backups" },
      done = [[{size}. The database holds {holds}. The job ran every time, ended well every time, and wrote a file with nothing in it.]],
      hints = { "What ended well has not necessarily written anything.", "The database lists its backups.",
        "db backups: the column SIZE." } },
    find { "age", title = "And the large one?", of = "number", answer = days_old, within = 0.1,
      say = [[There is a second series, and its newest file is large. How many days old is it?]],
      wrong = "Where did you read that? The list says how long ago the newest was taken; a day has 24 hours.",
      solution = { "db backups", "jobs" },
      done = [[{days} days. Its job is switched off. What does not run does not fail, and nothing was told to miss it.]],
      hints = { "The list that you have seen has a column for that.", "Also: jobs says what runs, and what does not.",
        "db backups: LAST SUCCESS." } },
    find { "copy", title = "Who still has them?", of = "component",
      answer = function(s) return "bookings-db.reports" end,
      say = [[Birte has these bookings on her screen, now. Where does her screen read from?]],
      replies = { { "bookings-db.nightly", "It has those from before it was taken. Her screen reads from something else." },
        { "overview", "That shows them. From where does it get them?" } },
      wrong = "It follows the database, and is behind. Which part is that?",
      solution = { "db replicas" },
      done = { { when = rows_gone, [[The replica. It has received the deletion, like everything else, and not applied it: its replay was paused this
          afternoon, for quite another reason. That is luck.]], claims = untouched }, "The replica, whose replay was paused this afternoon. That is luck." },
      hints = { "overview has connections to a database. To which of its servers?", "A list of servers says how far behind each one is.",
        "db replicas shows it: bookings-db.reports" } },
    ask { "how", title = "Over it, or beside it?",
      say = [[Since the rows were deleted, people have booked. Those bookings are in bookings-db and in no copy. What becomes of them, if
        you put a copy back over the database?]],
      choices = {
        { "They stay: a restore adds what is missing.",
          reply = "A restore makes the database what it was at that time. What it was has no rows from later." },
        { "They are gone, and so is all else that came after the copy.", right = true,
          reply = "Yes. So: bring the copy up beside, and take from it only the rows that are missing." },
        { "They are refused, and can be booked again.",
          reply = "They have been answered: somebody has paid, and looks forward to it." },
      },
      moot = false,
      hints = { "What does a copy of last week know of today?", "The second answer." } },
    act { "back", title = "Bring the rows back",
      say = [[Bring the missing rows back, from a copy that has them all, and lose none of the new ones. One of the copies is quick and
        lasts as long as nobody touches it; the other is slow.]],
      goal = function(s) return all_there(s) end,
      solution = { "db rescue bookings-db reports", "wait 3m" },
      done = { { when = kept, "Every booking is there, old and new. The doors open.", claims = { all_there, kept } },
        { "The rows are there. {lost} bookings that had come later are not: for those nobody has a copy.", claims = all_there } },
      hints = { "Not over the database: beside it.", "help db lists what can be done to a database.",
        "db rescue copies missing rows from a backup or a replica. Which replica has them?",
        "db rescue bookings-db reports, then wait 3m" } },
    say_update { "tell", title = "Tell people",
      say = [[Birte has a queue at her desk. Who was hurt, since when, how much, what is the state, and when do you write again? The rows are
        there. The backups are as they were.]],
      needs = { "who", "since", "impact", "state", "next" },
      solution = { "say --who guests --since 15:32 --impact 33% --state mitigated --next 16:30" },
      done = "Birte sends the families back to their doors.",
      hints = { "Short and true.", "Would the next mistake be harmless? Then it is cured. Else: mitigated.",
        "say --who guests --since 15:32 --impact 33% --state mitigated --next 16:30" } },
    act { "backup", title = "A backup that is one",
      say = [[If somebody mistypes again tonight, there is 0.4 KB, and a file of last week. See to it that there is a backup from today, and
        that somebody has tried it.]],
      goal = proven,
      solution = { "jobs enable nightly-backup", "jobs run nightly-backup", "wait 4m", "db verify bookings-db.nightly" },
      done = "From today, and tried: it can be put back. That is the first time in this story that somebody looked.",
      hints = { "Two things are wrong with it: it does not run, and nobody has tried it.", "help jobs, and help db verify.",
        "Enable the job, run it now, wait until it is done, and verify what it wrote.",
        "jobs enable nightly-backup, jobs run nightly-backup, wait 4m, db verify bookings-db.nightly" } },
    act { "verify", title = "Does it stay well?",
      say = [[Eight good minutes, with all bookings there.]],
      goal = function(s) return s:good_for(min(8)) and s:since_change() >= min(9) end,
      solution = { "wait 12m" },
      done = "Eight good minutes.",
      hints = { "Only time shows it.", "Touch nothing.", "wait 12m" } },
    prevent { "prevent", title = "What would have helped?",
      say = [[Which of these would have made this afternoon shorter?]],
      hints = { "Two things were silent: the doors, and the job.", "What calls somebody when nothing happens?" } },
  },

  traps = {
    { "emptied", when = function(s) return s:database("bookings-db").restores_failed_total > 0 end,
      say = [[The file was put back as it was: without a single table. Now no door opens. The rows are still in two copies: the old large
        backup with its log, and perhaps the replica.]] },
    { "over", when = function(s) return lost(s) > 1000 end,
      say = [[The database is what it was when that copy was taken. {lost} bookings had come since. They are lost, and no line here brings them
        back. Write it down, and tell Birte.]] },
  },

  fixes = {
    { "The old backup and its log, beside; then a backup that is tried", {
        "db rescue bookings-db nightly", "wait 25m", "jobs enable nightly-backup", "jobs run nightly-backup", "wait 4m",
        "db verify bookings-db.nightly", "wait 6m" },
      says = [[It was brought up beside, went through days of log up to the second before the deletion, and gave the rows back.]] },
    { "The replica that had not applied it; then a backup that is tried", {
        "db rescue bookings-db reports", "wait 2m", "jobs enable nightly-backup", "jobs run nightly-backup", "wait 4m",
        "db verify bookings-db.nightly", "wait 5m" },
      says = [[It still had the rows, because its replay was paused for a report. That took seconds, and was luck.]] },
  },
  wrong = {
    { "Restore the newest backup", { "db restore bookings-db", "wait 6m" }, harm = "worse", client = "guests",
      says = [[The newest was the dump: 400 bytes, without a table. It was put back exactly.]] },
    { "Restore the large one over the database", { "db restore bookings-db nightly", "wait 8m" }, harm = "loses",
      says = [[All that was booked since that night is gone: days of it.]] },
    { "Let the replica go on", { "replica resume reports", "wait 4m", "db rescue bookings-db reports", "wait 4m" }, harm = "nothing",
      used = function(s) return s:of("bookings-db.reports").lag < min(1) and s:changed() end,
      says = [[It applied what it had received: the deletion, too. A replica is a faithful copy of a mistake.]] },
    { "First of all a new backup", { "jobs enable nightly-backup", "jobs run nightly-backup", "wait 4m",
        "db rescue bookings-db nightly", "wait 6m" }, harm = "nothing",
      says = [[It copied the database without the rows, over the only file that could be brought back to before.]] },
    { "Everything brought up to date, then the rows", { "replica resume reports", "jobs enable nightly-backup",
        "jobs run nightly-backup", "wait 4m", "db rescue bookings-db nightly", "wait 6m" },
      harm = "loses",
      used = function(s) return s:database("bookings-db").rows_without_copy > 0 end,
      says = [[The replica applied the deletion, and the new backup took the place of the old one. After that no copy had the rows.]] },
    { "The rows, and nothing else", { "db rescue bookings-db reports", "wait 12m" }, harm = "partial",
      used = function(s) return all_there(s) and not proven(s) and s:since_change() > min(10) end,
      says = [[The guests are in. For the next mistake there is still a file of 400 bytes.]] },
    { "Take back the new version", { "rollback locks", "wait 6m" }, harm = "nothing",
      says = [[It asks the same question of the same table.]] },
    { "Restart the locks", { "restart locks --rolling", "wait 6m" }, harm = "nothing",
      says = [[They forget nothing and learn nothing: what they ask for is not there.]] },
  },

  prevention = {
    { "A dead man's switch on the nightly backup: a night without it calls somebody", right = true, effort = "an hour",
      with = { set("nightly-backup.enabled", true), set("nightly-backup.last_success", min(760)),
               set("bookings-db.nightly.last_success", min(760)) },
      reply = "Yes. With a backup of last night there is half a day of log to go through, not a week." },
    { "An alert on doors that stay shut", right = true, effort = "an hour",
      alert = threshold { "doors stay shut", of = "locks", metric = "errors_total", above = 0.3, hold = min(1) },
      reply = "Yes. It calls after a minute; Birte wrote after more than a quarter of an hour." },
    { "Each week a job puts the newest of every backup back, elsewhere, and calls when that fails", right = true, effort = "two days",
      reply = "Yes. It finds the file of 400 bytes, and the one that is a week old. The dead man's switch asks whether; this asks what." },
    { "A dump every ten minutes", effort = "one line",
      with = { set("dump.every", min(10)) },
      reply = "Three times as many files of 400 bytes." },
    { "A second replica", effort = "money",
      reply = "It would have applied the deletion in the same second. A replica is no backup." },
  },

  debrief = [[
    Somebody tidied up by hand, and one condition was missing. The database did what it was told and committed it. No
    component failed, so no alert fired: the doors got a quick and correct answer, no such row.

    There was a dump every half hour. It ran, ended well, and wrote 400 bytes. There was a nightly backup; its job had
    been switched off for one night and stayed off. Failed runs were watched; runs that did not happen, and what
    was in the files, were not.

    What saved the day was a replica whose replay was paused for a report, or the old backup with a log that reaches
    from then to now. Whoever puts a copy over the database gets the past, and loses all that came since.

    A dead man's switch turns silence into a call: the job reports in when it is done, and somebody is woken when it does
    not. And a backup is only what has been put back once.
  ]],
  sums = {
    "{then_gone} rows were deleted, a third of the table: every third door stayed shut.",
    "The old backup was {then_days} days old: four minutes for {holds} at 100 MB a second, then {then_log} for its log, at 900 times.",
    "3 bookings a minute, day and night: {then_new} are newer than that backup, and a restore over the database takes them away.",
    "400 bytes of {holds}: nobody had looked.",
  },
  real = {
    { "GitLab, 31 January 2017: data removed by mistake; the daily dump had failed and nobody was told; a copy made by chance six hours before was left",
      "https://about.gitlab.com/blog/2017/02/10/postmortem-of-database-outage-of-january-31/" },
  },
  glossary = {
    ["dead man's switch"] = "An alarm that goes off when something stops reporting in.",
    ["restore"] = "To put a copy in the place of the database: what came after the copy is gone.",
    ["dump"] = "A backup as a file of rows and tables.",
    ["log archive"] = "The log, kept elsewhere: with it an old backup can be brought to any moment.",
  },
}
