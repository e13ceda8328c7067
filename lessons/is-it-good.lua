-- draft
local PAGE = min(5)
local CLOSES = PAGE + min(20)
local FIRST = CLOSES + min(3)
local APART = min(8)
local ENDS = FIRST + 3 * APART
local DESKS = 4

-- Two of the eight are built already; the seed says which.
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

return lesson {
  id = "is-it-good",
  title = "Is this actually good?",
  track = "scale",
  minutes = 30,
  level = 4,
  summary = "x",
  teaches = { "x" },
  day_start = "14:00",
  starts_at = PAGE,
  ends_at = ENDS,
  good_for = min(10),
  place = [[x]],
  page = [[x]],
  world = function(w)
    w:counter { "labels", per_visit = true, idempotent = either("once", true, false), remembers = hours(1) }
    w:external { "insurer", latency = lognormal(ms(200), ms(60)) }
    w:database { "rx-db", max_connections = 300, cores = 2, connect_time = ms(5), commit_time = ms(4), promote_time = sec(8),
      auto_failover = either("failover", sec(10), 0),
      idle_in_transaction_timeout = either("idle-timeout", sec(20), 0),
      replicas = { b = { delay = ms(3) } },
      tables = { scripts = { rows = 200000, keys = 1 } },
      statements = {
        stock = { cpu = exponential(ms(1200)) },
        file = { cpu = exponential(ms(4)), wal = 3000, table = "rx-db.scripts", updates = 1 },
      } }
    w:cache { "shelf-cache", keyspaces = { drugs = { keys = 30, popularity = 1, ttl = min(30), jitter = 0.5, filled_at_start = true,
      single_flight = either("single-flight", true, false) } } }
    w:service { "labeler", instances = 2, workers = 8, endpoints = { print = { sleep(ms(150)), count("labels") } } }
    w:broker { "post", topics = { filed = { partitions = 2, subscriptions = {
      labels = { to = "labeler/print", tries = either("dead-letters", 3, 0) } } } } }
    w:service { "desk", instances = DESKS, workers = 16, cores = 1, queue = 50, start_up = sec(8),
      pool = { to = "rx-db", size = 10, acquire_timeout = sec(10) },
      calls = { insurer = { timeout = either("timeout", ms(800), 0) } },
      endpoints = {
        lookup = { compute(ms(2)), cached("shelf-cache", "drugs", { query("rx-db", "stock") }) },
        file = { compute(ms(3)), catch(call("insurer", "check")), query("rx-db", "file"), publish("post.filed") },
        catalogue = { workers = either("bulkhead", 1, 0), compute(exponential(ms(400))) } } }
    w:balancer { "door", to = "desk", eject_after = either("eject", 4, 0), eject_for = min(1), eject_max = 0.3 }
    w:client { "counters", to = "door/lookup", rate = 6, gives_up = sec(6), reloads = 0.5 }
    w:client { "doctors", to = "door/file", rate = 2, gives_up = sec(6), reloads = 0.5 }
    w:client { "suppliers", to = "door/catalogue", rate = 0.3, gives_up = sec(30) }
  end,
  promises = {
    users = { "an answer within 2 s", good = 0.98, within = sec(2), window = min(30), clients = { "counters", "doctors", "post.filed.labels" } },
    data = { { "no label is printed twice", broken = function(s) return s:total("labels", "doubled_total") end } },
  },
  incident = function(i)
    local all = {
      ["bulkhead"] = { "a supplier asks for everything", fault("suppliers", "spike", { factor = 100 }, { lasts = min(3) }) },
      ["dead-letters"] = { "a message that nobody can read", fault("post.filed", "poison") },
      ["eject"] = { "one desk fails", fault("desk-2", "error_rate", { fraction = 0.9 }, { lasts = min(4) }) },
      ["failover"] = { "the database is down", fault("rx-db", "down", {}, { lasts = min(3) }) },
      ["idle-timeout"] = { "a transaction is left open", fault("rx-db", "long_transaction", { table = "scripts" }, { lasts = min(4) }) },
      ["once"] = { "messages come twice", fault("post.filed.labels", "duplicates", { share = 0.3 }, { lasts = min(4) }) },
      ["single-flight"] = { "the cache is empty", fault("shelf-cache", "cold") },
      ["timeout"] = { "the insurer hangs", fault("insurer", "hang", {}, { lasts = min(3) }) },
    }
    local faults = {}
    for name, f in pairs(all) do
      if not built(name) then faults[f[1]] = f[2] end
    end
    i:draw({ FIRST, FIRST + APART, FIRST + 2 * APART }, faults)
  end,
  design = {
    budget = 5, closes_at = CLOSES,
    faults = {
      ["a supplier asks for everything"] = 1000, ["a message that nobody can read"] = 1000, ["one desk fails"] = 500,
      ["the database is down"] = 500, ["a transaction is left open"] = 500, ["messages come twice"] = 500,
      ["the cache is empty"] = 500, ["the insurer hangs"] = 500 },
    improvements = {
      { "bulkhead", "x", with = { set("desk/catalogue.workers", 1) }, saves = { ["a supplier asks for everything"] = 900 } },
      { "dead-letters", "x", with = { set("post.filed.labels.tries", 3) }, saves = { ["a message that nobody can read"] = 900 } },
      { "eject", "x", with = { set("door.eject_after", 4) }, saves = { ["one desk fails"] = 400 } },
      { "failover", "x", with = { set("rx-db.auto_failover", sec(10)) }, saves = { ["the database is down"] = 400 } },
      { "idle-timeout", "x", with = { set("rx-db.idle_in_transaction_timeout", sec(20)) }, saves = { ["a transaction is left open"] = 400 } },
      { "once", "x", with = { set("labels.idempotent", true) }, saves = { ["messages come twice"] = 400 } },
      { "single-flight", "x", with = { set("shelf-cache.drugs.single_flight", true) }, saves = { ["the cache is empty"] = 400 } },
      { "timeout", "x", with = { set("desk.insurer.timeout", ms(800)) }, saves = { ["the insurer hangs"] = 400 } },
      { "more-desks", "x", with = { set("desk.instances", 8) } },
      { "bigger-db", "x", with = { set("rx-db.cores", 8) } },
      { "bigger-pools", "x", with = { set("desk.pool.size", 40) } },
      { "longer-ttl", "x", with = { set("shelf-cache.drugs.ttl", hours(2)) } },
      { "insurer-retries", "x", with = { set("desk.insurer.retries", 2) } },
    },
  },
  steps = { spend { "spend", say = "x", hints = { "x" } } },
}
