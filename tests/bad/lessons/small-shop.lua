-- The lesson that the tests of this folder play and spoil, and that is for nothing else: a
-- shop, a bad version of it, and six steps. Two of them are done at a glance, as no lesson's
-- may be, so that few lines get through them.
return lesson {
  id = "small-shop", title = "The small shop", track = "start", minutes = 6, level = 1,
  guided_start = true,
  place = "A shop with twenty orders a second. Mara runs it.",
  page = "Orders fail.",
  day_start = "19:40", starts_at = min(5), ends_at = min(25), good_for = min(3),
  tools = { "status", "changes", "logs", "rollback", "wait", "say", "hint" },

  world = function(w)
    w:service { "shop", instances = 4, workers = 32, start_up = sec(8),
      versions = {
        { "v41", buy = { compute(ms(4)) } },
        { "v42", buy = { compute(ms(4)), sometimes(0.3, { fail("no gift note") }) } },
      } }
    w:balancer { "edge", to = "shop" }
    w:client { "shoppers", to = "edge/buy", rate = per_second(20), gives_up = sec(8) }
  end,

  promises = { users = { "an order within 2 s", within = sec(2), good = 0.99, window = min(30) } },

  incident = function(i)
    i:cause(min(2), deploy("shop", "v42", { by = "Jonas" }))
    i:at(min(5) + sec(20), ticket("Mara", "People write that orders fail."))
  end,

  expect = {
    at = min(5),
    moves = { ["orders fail"] = function(s) return s:good(min(1)) < 0.9 end },
    normal = { ["all are up"] = function(s) return s:instances("shop") == 4 end },
  },
  suspects = { { "shop", "bad-deploy", right = true }, { "shop", "overload" },
               { "edge", "traffic-spike" } },

  facts = {
    { "the shop is busy", when = function(s) return s:service("shop").cpu > 0.7 end,
      seen = "status", fits = { "overload", "traffic-spike" }, tells = "The shop has little to do." },
  },

  steps = {
    act { "status", title = "How bad is it?", say = "Type `status` and press Enter.",
      goal = function(s) return s:seen("status") end,
      solution = { "status" }, hints = { "Type `status`." } },

    act { "changes", title = "What changed?", say = "Type `changes`.",
      goal = function(s) return s:seen("changes") end,
      solution = { "changes" }, hints = { "Type `changes`." } },

    ask { "which", title = "What is your guess?", say = "Which change do you suspect?",
      choices = {
        { "The weather", reply = "It was fine." },
        { "The new version of shop", reply = "Yes.", right = true },
        { "None of them", reply = "One fits." },
      },
      hints = { "Compare the times." } },

    predict { "before", title = "Before you act", change = "rollback shop",
      say = "What will happen to failed orders?",
      of = { { "failed orders in two minutes", after = min(2), answer = "down",
               value = function(s) return s:bad(min(1)) end } },
      hints = { "Fewer, the same, or more?" } },

    act { "rollback", title = "Take it back", say = "`rollback shop`, then `wait 4m`.",
      goal = function(s) return s:good_for(min(3)) end,
      solution = { "rollback shop", "wait 4m" }, hints = { "Type `rollback shop`." } },

    say_update { "tell", title = "Tell people", say = "Somebody waits for your word.",
      needs = { "impact", "state", "next" }, hints = { "Type `say` and answer." },
      solution = {
        'say impact="about 30% of orders failed" state=mitigated next="20:00"' } },
  },

  traps = {
    { "restart", when = function(s) return s:changed() and s:version("shop") == "v42"
                                       and s:since_change() > sec(45) end,
      say = "The same code still runs." },
  },
  fixes = { { "roll back", { "rollback shop", "wait 5m" } } },
  wrong = {
    { "restart", { "restart shop --rolling", "wait 5m" }, harm = "nothing", says = "No." },
  },
  debrief = "Version v42 of shop was bad. Nothing was slow.",
}
