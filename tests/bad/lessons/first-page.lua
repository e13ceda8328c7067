-- The lesson that the tests of this folder play and spoil: six steps, one of each kind.
-- It stays as it is when the real one is improved.

local shop = {
  v41 = {
    compute(ms(4)),
    query("shop-db", "find-book"),
    query("shop-db", "save-order"),
    count("orders"),
  },
  -- The new version reads a gift note that most shoppers never send.
  v42 = {
    compute(ms(4)),
    query("shop-db", "find-book"),
    when_flag("gift-notes", {
      sometimes(0.3, {
        log("error", "order rejected: gift note is empty"),
        fail("gift note is empty"),
      }),
    }),
    query("shop-db", "save-order"),
    count("orders"),
  },
}

return lesson {
  id = "first-page", title = "Your first page", track = "start", minutes = 6, level = 1,
  summary = "A bookshop loses three orders in ten. Find what changed, and take it back.",
  teaches = { "bad-deploy", "roll back first, read the code later" },
  guided_start = true,

  place = [[
    Tidewater Books sells second-hand books to half a million people. In the evening about
    twenty orders a second come in. You are on call tonight. Mara runs the shop.]],
  page = "Tidewater Books: orders are failing. Error budget burns 60 times too fast.",
  day_start = "19:40", starts_at = min(30), ends_at = min(50), good_for = min(3),
  tools = { "status", "changes", "logs", "rollback", "flag", "wait", "say", "hint" },

  world = function(w)
    w:flag { "gift-notes", on = true }
    w:counter { "orders" }
    w:database { "shop-db", max_connections = 100, cores = 8,
      statements = {
        ["find-book"] = { cpu = exponential(ms(3)) },
        ["save-order"] = { cpu = exponential(ms(4)) },
      } }
    w:service { "shop", instances = 4, workers = 32, cores = 2, queue = 200,
      start_up = sec(8),
      pool = { to = "shop-db", size = 15 },
      versions = {
        { "v41", buy = shop.v41 },
        { "v42", buy = shop.v42 },
      } }
    w:balancer { "edge", to = "shop" }
    w:client { "shoppers", to = "edge/buy", rate = per_second(20), gives_up = sec(8) }
  end,

  promises = { users = { "an order is placed within 2 s", within = sec(2), good = 0.99,
    window = min(30) } },
  alerts = {
    burn { "orders fail", page = true, factor = 14.4, long = min(5), short = min(1) },
    threshold { "shop-db is busy", of = "shop-db", metric = "cpu", above = 0.9,
                hold = min(2) },
  },

  incident = function(i)
    i:cause(vary("deploy", min(26), min(28)), deploy("shop", "v42", { by = "Jonas" }))
    i:red_herring(min(12), decoy("shop-db", "nightly report moved to 20:30", { by = "Ana" }))
    i:at(min(30), page("Orders are failing at Tidewater Books."))
    i:at(min(30) + sec(20), ticket("Mara (shop)",
      "People write that the order button answers with an error. Not all of them."))
  end,

  expect = {
    at = min(30),
    moves = {
      ["three orders in ten fail"] = function(s)
        local good = s:good(min(1))
        return good > 0.55 and good < 0.85
      end,
      ["the new version runs"] = function(s) return s:version("shop") == "v42" end,
    },
    normal = {
      ["database is calm"] = function(s) return s:database("shop-db").cpu < 0.5 end,
      ["answers are quick"] = function(s) return not (s:p99("shop/buy", min(1)) > ms(500)) end,
      ["all instances are up"] = function(s) return s:instances("shop") == 4 end,
    },
  },

  causes = { { "shop", "bad-deploy" } },

  steps = {
    look { "status", title = "How bad is it?",
      say = [[
        You were paged. Before you touch anything: how bad is it, and for whom?
        Type `status` and press Enter.]],
      goal = function(s) return s:seen("status") end,
      hints = { "One word shows the whole system.", "Type it below, where the cursor is.",
                "The word is `status`." },
      solution = { "status" },
      done = "Three in ten orders fail. The database and the instances look well." },

    look { "changes", title = "What changed?",
      say = [[
        Systems that ran well all day seldom break by themselves. `changes` lists what
        people and robots did, the newest last.]],
      goal = function(s) return s:seen("changes") end,
      hints = { "What was the last thing anybody did?", "There is a list of that.",
                "Type `changes`." },
      solution = { "changes" } },

    ask { "which", title = "What is your guess?",
      say = "Orders began to fail a few minutes before the page. Which change do you suspect?",
      choices = {
        { "The report that was moved", reply = "It has not run yet: it starts at 20:30." },
        { "The new version of shop", reply = "Yes. It fits in time and in place.", right = true },
        { "None of them", reply = "Look at the times again: one of them fits." },
      },
      hints = { "Compare the times of the changes with the time of the page." } },

    predict { "before", title = "Before you act", change = "rollback shop",
      say = "You will take the new version back. What will happen to failed orders?",
      of = { { "failed orders in two minutes", after = min(2), answer = "down",
               value = function(s) return s:bad(min(1)) end } },
      hints = { "The old version ran well all day.", "Fewer, the same, or more?" } },

    act { "rollback", title = "Take it back",
      say = [[
        `rollback shop` puts the version back that ran before. You need not know why the new
        one fails: users first. Then watch them come back (`wait 1m`, `status`).]],
      goal = function(s) return s:good_for(min(3)) end,
      hints = { "Which version ran well?", "The list of changes names the service.",
                "A rollback, or the flag that came with the new version.",
                "Type `rollback shop`, then `wait 4m`." },
      solution = { "rollback shop", "wait 4m" },
      done = "Users are well for three minutes. That is how you know: not by the command." },

    say_update { "tell", title = "Tell people",
      say = [[
        Somebody waits for your word. `say` asks you who is affected, what the state is and
        what comes next.]],
      needs = { "impact", "state", "next" },
      hints = { "Short and true is enough.", "Type `say` and answer." },
      solution = {
        'say impact="about 30% of orders failed" state=mitigated next="Jonas looks at v42"' } },
  },

  traps = {
    { "restart", when = function(s) return s:changed() and s:version("shop") == "v42"
                                       and s:flag("gift-notes")
                                       and s:since_change() > sec(45) end,
      say = "Something was changed, and orders fail as before. The same code still runs." },
  },

  fixes = {
    { "roll back", { "rollback shop", "wait 5m" },
      says = "The old version runs again; it never read gift notes." },
    { "flag off", { "flag gift-notes off", "wait 5m" },
      says = "The new version runs on without the part that fails." },
  },
  wrong = {
    { "restart", { "restart shop --rolling", "wait 5m" }, harm = "nothing",
      says = "The same code starts again." },
    { "more instances", { "scale shop 8", "wait 5m" }, harm = "nothing",
      says = "Each of them fails three orders in ten: nothing was overloaded." },
  },

  debrief = [[
    Version v42 of shop read a gift note. Where a shopper had sent none, which is three times
    in ten, it answered with an error. Nothing was slow and nothing was full, so the charts
    of the machines were calm: only the users' errors told.

    A deploy to one instance first (a canary) would have shown it at a quarter of the price.]],
  sums = { "20 orders/s x 30 % = 6 lost orders each second" },
  real = {
    { "Google, 2 June 2019: a configuration change went further than meant",
      "https://status.cloud.google.com/incident/cloud-networking/19009" },
  },
  glossary = {
    ["deploy"] = "To put a new version of a program onto the machines that run it.",
    ["rollback"] = "To put the version back that ran before.",
    ["page"] = "A message that wakes somebody: users need help now.",
  },
}
