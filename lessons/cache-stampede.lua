-- Sixty seconds: values that were written together expire together.

return lesson {
  id = "cache-stampede",
  title = "Sixty seconds",
  track = "fail",
  minutes = 20,
  level = 2,
  summary = "A seat-booking site fails for seven seconds in every minute, with a hit ratio of 96 %.",
  post = {
    title = "Caching Is Easy. Production Caching Is Not.",
    url = "https://www.thetruecode.com/",
    basis = "opening",
  },
  teaches = { "keys written together expire together" },
  day_start = "09:50",
  starts_at = min(12),
  ends_at = min(45),
  good_for = min(8),
  place = [[x]],
  page = [[x]],
  tools = { "status", "chart", "cache", "db", "map" },
  world = function(w)
    w:database { "orders-db", max_connections = 100, cores = 8,
      statements = { seats = { cpu = ms(250) }, seats_fast = { cpu = ms(5) } } }
    w:cache { "seats-cache", keyspaces = { avail = { keys = 24, per_lookup = 6, ttl = sec(60), popularity = 0, prefix = "avail:ws-" } } }
    w:flag { "seats-counter" }
    w:service { "booking", instances = 4, workers = 400,
      pool = { to = "orders-db", size = 20, acquire_timeout = sec(3) },
      endpoints = { view = { compute(ms(2)), cached("seats-cache", "avail", {
         when_flag("seats-counter", { query("orders-db", "seats_fast") }, { query("orders-db", "seats") }) }) } } }
    w:balancer { "edge", to = "booking" }
    w:client { "visitors", to = "edge/view", rate = per_second(80), gives_up = sec(8) }
  end,
  slo = { name = "seats shown within 2 s, at most 90 s old", good = 0.99, within = sec(2), max_age = sec(90), window = min(30) },
  incident = function(i) end,
  expect = { moves = {}, normal = {} },
  causes = { { "seats-cache", "expires-together" } },
  steps = {
    look { "x", say = "x", goal = function(s) return s:seen("orders-db") end, solution = { "db" }, hints = { "db" } },
  },
  fixes = {
    { "single flight", { "set seats-cache.avail.single_flight on" } },
    { "stale while revalidate", { "set seats-cache.avail.stale_while_revalidate 30s" } },
    { "the counter column", { "flag seats-counter on" } },
  },
  wrong = {
    { "twice the instances", { "scale booking 8" }, harm = "worse" },
    { "bigger pools", { "set booking.pool.size 40", "set orders-db.max_connections 200" }, harm = "worse" },
    { "ttl 5 s", { "set seats-cache.avail.ttl 5s" }, harm = "worse" },
    { "jitter", { "set seats-cache.avail.jitter 10%" }, harm = "partial" },
    { "flush", { "flush seats-cache" }, harm = "worse" },
  },
  debrief = [[x]],
}
