-- A small lesson of the screen's own tests: every kind of step, a cache, a third party, a
-- pool, tickets, an alert. Not part of the course.

return lesson {
  id = "ui-shop", title = "The bookshop", track = "lab", minutes = 6, level = 1,
  summary = "A bookshop loses three orders in ten.",
  teaches = { "bad-deploy" },
  post = { title = "A post that is not there", url = "https://www.thetruecode.com/", basis = "title" },

  place = [[
    Tidewater Books sells second-hand books. In the evening about twenty orders a second come
    in. You are on call tonight. Mara runs the shop.]],
  page = "Tidewater Books: orders are failing.",
  day_start = "19:40", starts_at = min(20), ends_at = min(40), good_for = min(2),
  tools = { "status", "changes", "logs", "rollback", "wait", "say", "hint" },

  world = function(w)
    w:flag { "gift-notes", on = true }
    w:counter { "orders" }
    w:database { "shop-db", max_connections = 100, cores = 8,
      statements = { ["find-book"] = { cpu = exponential(ms(3)) },
                     ["save-order"] = { cpu = exponential(ms(4)) } } }
    w:cache { "covers", keyspaces = { cover = { keys = 200, ttl = sec(120) } } }
    w:external { "card-gateway", latency = lognormal(ms(120), ms(40)) }
    w:service { "shop", instances = 4, workers = 32, cores = 2, queue = 200, start_up = sec(8),
      pool = { to = "shop-db", size = 15 },
      versions = {
        { "v41", buy = { compute(ms(4)),
                         cached("covers", "cover", { query("shop-db", "find-book") }),
                         call("card-gateway", "charge"), query("shop-db", "save-order"),
                         count("orders") } },
        { "v42", buy = { compute(ms(4)),
                         cached("covers", "cover", { query("shop-db", "find-book") }),
                         sometimes(0.3, { log("error", "order rejected: gift note is empty"),
                                          fail("gift note is empty") }),
                         call("card-gateway", "charge"), query("shop-db", "save-order"),
                         count("orders") } },
      } }
    w:balancer { "edge", to = "shop" }
    w:client { "shoppers", to = "edge/buy", rate = per_second(20), gives_up = sec(8) }
  end,

  promises = { users = { "an order is placed within 2 s", within = sec(2), good = 0.99, window = min(30) } },
  alerts = {
    burn { "orders fail", page = true, factor = 14.4, long = min(5), short = min(1) },
  },

  incident = function(i)
    i:cause(min(17), deploy("shop", "v42", { by = "Jonas" }))
    i:red_herring(min(12), decoy("shop-db", "nightly report moved to 20:30", { by = "Ana" }))
    i:at(min(20), page("Orders are failing at Tidewater Books."))
    i:at(min(20) + sec(20), ticket("Mara (shop)",
      "People write that the order button answers with an error. Not all of them."))
  end,

  expect = { at = min(20), moves = {}, normal = {} },
  suspects = {
    { "shop", "bad-deploy", right = true },
    { "shop-db", "overload", reply = "How busy is the database?" },
    { "covers", "cold-cache" },
  },
  facts = {
    { "the database is busy", seen = { "status", "shop-db:metrics" }, fits = "overload",
      when = function(s) return s:database("shop-db").cpu > 0.7 end,
      tells = "The database has little to do." },
    { "the new version came minutes before", seen = "changes", fits = "bad-deploy",
      when = function(s) return s:version("shop") == "v42" end,
      tells = "A new version of shop came just before orders began to fail." },
  },

  steps = {
    ask { "first", title = "What do you do first?",
      say = "You were paged. What do you do first?",
      choices = {
        { "Restart the shop; it usually helps.", reply = "It wipes the evidence. Try again." },
        { "Find out who is affected, how, and since when.", right = true,
          reply = "Yes. Nothing you change before that can be told apart from luck." },
      },
      hints = { "Look before you touch." } },
    act { "status", title = "How bad is it?",
      say = "How bad is it, and for whom? Type `status` and press Enter.",
      goal = function(s) return s:seen("status") end,
      hints = { "One word shows the whole system.", "The word is `status`." },
      solution = { "status" },
      done = "Three in ten orders fail. The database and the instances look well." },
    predict { "before", title = "Before you act", change = "rollback shop",
      say = "You will take the new version back. What will happen to failed orders?",
      of = { { "failed orders in two minutes", after = min(2), answer = "down",
               value = function(s) return s:bad(min(1)) end } } },
    act { "rollback", title = "Take it back",
      say = "`rollback shop` puts the version back that ran before. Then watch (`wait 2m`).",
      goal = function(s) return s:good_for(min(2)) end,
      hints = { "Which version ran well?" },
      solution = { "rollback shop", "wait 4m" },
      done = "Users are well for two minutes." },
    say_update { "tell", title = "Tell people",
      say = "Somebody waits for your word.",
      needs = { "impact", "state", "next" },
      hints = { "Short and true is enough." },
      solution = { 'say impact="about 30% of orders" state=mitigated next="20:30"' } },
  },

  fixes = { { "roll back", { "rollback shop", "wait 4m" }, says = "The old version runs again." } },
  wrong = { { "restart", { "restart shop --rolling", "wait 4m" }, harm = "nothing",
              says = "The same version starts again." } },
  debrief = [[
    Version v42 of shop read a gift note, and failed where there was none.]],
}
