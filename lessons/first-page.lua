-- Your first page: a deploy breaks three orders in ten. The guided start: the screen, the
-- sheet line by line, and each command once. Everything else a lesson can say is in
-- lessons/README.md.

local before = {
  compute(ms(4)),
  query("shop-db", "find-book"),
  query("shop-db", "save-order"),
  count("orders"),
}
-- The new version reads a gift note that many shoppers do not send.
local function reading_notes(share)
  return {
    compute(ms(4)),
    query("shop-db", "find-book"),
    when_flag("gift-notes", {
      sometimes(share, {
        log("error", "order rejected: gift note is empty"),
        fail("gift note is empty"),
      }),
    }),
    query("shop-db", "save-order"),
    count("orders"),
  }
end
local function share() return vary("share", 0.27, 0.33) end
local function version() return pick("version", { 41, 57, 106 }) end
local function runs_new(s) return s:version("shop") == "v" .. version() + 1 end

local function failing(s)
  local good = s:good(min(1))
  return runs_new(s) and s:flag("gift-notes") and good < 0.9
end

return lesson {
  id = "first-page", title = "Your first page", track = "start", minutes = 6, level = 1,
  summary = "A bookshop loses three orders in ten. Find what changed, and take it back.",
  teaches = { "look, then act, then watch users come back",
              "what changed last is the first suspect",
              "roll back first, read the code later" },
  guided_start = true,

  place = [[
    Tidewater Books sells second-hand books. In the evening about twenty orders a second
    come in. Tonight you are on call: when something breaks, your pager rings. Mara runs
    the shop, Jonas writes its program.

    Nothing here is real, so nothing can go wrong.]],
  page = [[
    The pager: "orders fail". And Mara writes: "People say that the order button answers
    with an error. Not all of them."]],
  day_start = "19:40", starts_at = min(30), ends_at = min(55), good_for = min(3),
  tools = { "status", "chart", "changes", "suspect", "rollback", "wait", "say", "sheet", "logs",
            "flag", "hint" },

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
        { "v" .. version(), buy = before },
        { "v" .. version() + 1, buy = reading_notes(share()) },
      } }
    w:balancer { "edge", to = "shop" }
    w:client { "shoppers", to = "edge/buy", rate = per_second(vary("rate", 19.2, 21.8)), gives_up = sec(8) }
  end,

  promises = { users = { "an order is placed within 2 s", within = sec(2), good = 0.99,
    window = min(30) } },
  shows = { "orders", "edge.requests_total" },
  alerts = {
    burn { "orders fail", page = true, factor = 14.4, long = min(5), short = min(1) },
    threshold { "shop-db is busy", of = "shop-db", metric = "cpu", above = 0.9,
                hold = min(2) },
  },

  incident = function(i)
    i:cause(vary("deploy", min(25), min(26.5)), deploy("shop", "v" .. version() + 1, { by = pick("who", { "Jonas", "deploy bot" }) }))
    local other = pick { { "shop-db", "nightly report moved to 21:30" }, { "shop-db", "backup moved to 03:15" },
                         { "edge", "access log kept for 30 days" } }
    i:red_herring(vary(min(8), min(15)), decoy(other[1], other[2], { by = pick { "Ana", "Kofi", "Linh" } }))
    i:at(min(30), page("Orders are failing at Tidewater Books."))
    i:at(min(30), ticket("Mara (shop)",
      "People say that the order button answers with an error. Not all of them."))
  end,

  people = {
    mara = { "Mara", role = "shop", desk = true, knows = {
      { "users", "They press the button and get an error. Then they try again, and sometimes it works.",
        when = function(s) return s:good(min(2)) < 0.99 end },
      { "users", "No new complaint.", when = function(s) return s:good(min(2)) >= 0.99 end } } },
    jonas = { "Jonas", role = "writes the program", knows = {
      { "shop", "The new version is mine. It went out this evening.", when = runs_new },
      { "shop", "My version is gone now. I will look at it tomorrow.", when = function(s) return not runs_new(s) end } } },
  },

  expect = {
    at = min(30),
    moves = {
      ["three orders in ten fail"] = function(s)
        local good = s:good(min(1))
        return good > 0.6 and good < 0.8
      end,
      ["the new version runs"] = runs_new,
      ["the alert fires"] = function(s) return s:alerting("orders fail") end,
    },
    normal = {
      ["database is calm"] = function(s) return s:database("shop-db").cpu < 0.5 end,
      ["answers are quick"] = function(s) return not (s:p99("shop/buy", min(1)) > ms(500)) end,
      ["all instances are up"] = function(s) return s:instances("shop") == 4 end,
    },
  },

  suspects = {
    { "shop", "bad-deploy", right = true },
    { "shop-db", "overload", reply = "How busy is the database? `status` says it." },
    { "shop", "pool-too-small", also = { "shop.pool" },
      reply = "Who waits for a connection is slow first. How quick are the answers? `status` says it." },
  },
  facts = {
    { "orders fail, and answers are quick", seen = "status",
      when = function(s) return s:good(min(1)) < 0.9 and not (s:p99("shop/buy", min(1)) > ms(500)) end,
      fits = { "bad-deploy" },
      tells = "Orders fail, and the answers are quick: nobody waits for anything." },
    { "the database is busy", seen = "status",
      when = function(s) return s:database("shop-db").cpu > 0.8 end,
      fits = { "overload" },
      tells = "The database has little to do." },
  },

  steps = {
    find { "status", title = "How bad is it?", of = "share", within = 0.25,
      answer = function(s) return 1 - s:good(min(1)) end,
      say = [[
        Look first, touch nothing. What you type appears after the > sign. Type the word
        `status` and press Enter: each part of the shop, as it is. Which share of the orders
        fails? Type it in the same place. (Lost? Type help. Ctrl-C leaves, saved.)]],
      near = "Near, but not it. It stands in the row of shop, under errors.",
      wrong = "The row of shop says how many of the last minute's orders failed.",
      hints = { "One word shows the whole system.", "Look at the row of shop, under errors.",
                "Type: status    and then the number under errors, like 5%" },
      solution = { "status" },
      done = { { when = failing, [[{failed} of orders fail. On a full screen the first row says the other side: how many
          are ok, and how many orders were lost so far.]], claims = failing },
        [[{failed} of orders failed in the last minute. So you have changed something already. Watch
          what it does to users.]] } },

    find { "since", title = "Since when?", answer = "since",
      say = [[
        Since when do orders fail? `chart orders` draws them over time. (On a full screen the
        second row names six panels. Esc leaves the prompt, Tab goes on to Charts, and : comes
        back. Map is the way of an order, from left to right.)]],
      near = "Near. Where does the chart leave its usual height?",
      wrong = "What do you read it from? The chart of orders falls at some time before 20:10.",
      hints = { "Before the page there was a time when all was well.", "Find where the chart of orders falls.",
                "Type: chart orders    and then the time at which they fall" },
      solution = { "chart orders" },
      done = "That is the first line of the incident sheet: since when. You fill it in as you go; `sheet` shows it." },

    find { "changes", title = "What changed?", answer = "trigger",
      say = [[
        What ran well all day seldom breaks by itself. `changes` lists what people did to the
        system, the newest last. Which change began it? Type its number.]],
      replies = {
        { "1", "Orders went well for ten minutes after it. Look at the times again." },
        { "shop-db", "Orders went well for ten minutes after it. Look at the times again." },
        { "edge", "Orders went well for ten minutes after it. Look at the times again." },
        { "nothing", "It could be. But look at the times again: what happened just before?" } },
      hints = { "What happened just before orders began to fail?", "Compare the times of the changes with yours.",
                "Type: changes    and then the number of one" },
      solution = { "changes" } },

    find { "suspect", title = "Write your guess down", answer = "suspect",
      say = [[
        A guess is worth most before you test it. `suspect` alone lists what it can be. Then
        type that word, the part where you think it is, and the word from the list that fits.]],
      hints = { "Which part gave the errors, and what was done to it before?",
                "First the part, then the word from the list, then: because what you saw.",
                "A deploy puts a new version out. Its word is bad-deploy.",
                "Type: suspect shop bad-deploy because changes" },
      solution = { "suspect shop bad-deploy because changes" } },

    predict { "before", title = "Before you act", change = "rollback shop",
      say = { { when = failing, [[Next you will take the new version back. What will the failed orders do? Type `up`,
          `same` or `down`.]], claims = failing },
        [[Suppose you take the new version back. What would the failed orders do? Type `up`, `same` or `down`.]] },
      of = { { "failed orders a minute, two minutes later", after = min(2), answer = "down",
               value = function(s) return s:bad(min(1)) end } },
      hints = { "The old version ran well all day.", "Fewer, the same, or more?" } },

    act { "rollback", title = "Take it back",
      say = [[
        `rollback`, and the name of the part, puts back the version that ran before. You need
        not know why the new one fails; users come first. Then type `wait 4m`: four minutes
        pass in a moment.]],
      goal = function(s) return s:good_for(min(3)) end,
      hints = { "Which version ran well?", "The list of changes names the part.",
                "To roll back is to put the old version back. The flag of the new part helps, too.",
                "Type: rollback shop    and then: wait 4m" },
      solution = { "rollback shop", "wait 4m" },
      done = { "Users have been well for three minutes. That is how you know it; not by the command.",
        claims = function(s) return s:good_for(min(3)) end } },

    say_update { "tell", title = "Tell people",
      say = [[
        Mara and her customers wait for your word. Type `say`: it asks for the lines of the sheet
        that are still empty. Short answers are fine.]],
      needs = { "who", "since", "impact", "state", "next" },
      hints = { "Short and true is enough: shoppers; 30%.",
                "Users are well, and what broke their orders is gone: cured.",
                "Next is a time of day, like 20:30" },
      solution = {
        'say --who shoppers --since 20:06 --impact 30% --state cured --next 20:30' },
      done = "That was a whole incident: look, guess, act, watch, tell." },
  },

  values = {
    failed = { "share", function(s) return 1 - s:good(min(1)) end },
    rate = { "number", function(s) return s:rate("shoppers", "visits_total", min(5)) end },
    share = { "share", share },
    of_100 = { "count", function(s) return 100 * share() end },
    lost = { "number", function(s) return share() * s:rate("shoppers", "visits_total", min(5)) end },
  },

  traps = {
    { "not-it", when = function(s) return s:changed() and runs_new(s)
                                       and s:flag("gift-notes")
                                       and s:since_change() > sec(50) end,
      say = { [[That was worth a look, but orders fail as before: the same version still runs.
        `rollback shop` puts the old one back.]],
        claims = function(s) return s:good(sec(30)) < 0.9 end } },
  },

  fixes = {
    { "Roll back", { "rollback shop", "wait 5m" },
      says = "The old version runs again; it never read gift notes." },
    { "Flag off", { "flag gift-notes off", "wait 5m" },
      says = "The new version runs on, without the part that fails." },
  },
  wrong = {
    { "Restart", { "restart shop --rolling", "wait 5m" }, harm = "nothing",
      says = "The same version starts again, and fails again." },
    { "More instances", { "scale shop 8", "wait 5m" }, harm = "nothing",
      says = "Each of them fails three orders in ten: nothing was overloaded." },
  },

  debrief = [[
    The new version of shop reads a gift note. Where a shopper had sent none, which was about
    three times in ten, it answered with an error. Nothing was slow and nothing was full, so the
    numbers of the machines were calm: only the users' errors told.

    You did not need to know any of that. What changed last was the first suspect, and to
    take it back was safe and quick.

    A deploy to one instance of four first (a canary) would have shown it at a quarter of
    the price.]],
  sums = { "{rate} orders a second x {share} = {lost} lost orders each second.",
           "The promise is 99 in 100, so 1 in 100 may fail. {of_100} did: {of_100} times too fast." },
  real = {
    { "Duo, 20 August 2018: logins failed; the team put the version before back",
      "https://status.duo.com/incidents/ndzn98w5vbg2" },
  },
  glossary = {
    ["deploy"] = "To put a new version of a program onto the machines that run it.",
  },
}
