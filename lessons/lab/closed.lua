-- Closed loops: users who wait for one answer before they ask again, and what they hide.
--
-- Each of N users thinks for a second, asks, waits, and thinks again; an answer takes
-- 10 ms of one worker's time. However slow the system gets, such users cannot overload
-- it: they wait, and while they wait they do not ask. Whatever happens in between,
--
--   throughput x (response time + think time) = N        (the interactive response time law)
--
-- Up to N* = (1 s + 10 ms) / 10 ms = 101 users are served nearly as if alone; beyond, each
-- further one only makes all others wait longer. Exact (mean value analysis):
--
--   users     per second   response time
--     50          49.1        19.0 ms
--    100          92.4        81.9 ms
--    200         100.0         1.0 s     200 / 100 - 1
--    400         100.0         3.0 s     400 / 100 - 1
--
-- `open` has the same arrival rate as 100 closed users, but does not wait for answers, as
-- the users of a public site do not: its mean is 131.6 ms, as nothing slows it down. So
-- a load test with a fixed number of users tells less than it seems to: when the system
-- stalls, the test stalls politely with it, and what it did not ask is in no percentile
-- (coordinated omission).
--
-- Look at: per s and mean of each client, and the law for each.

return lab { "closed loops", ends_at = min(60),

  world = function(w)
    for _, n in ipairs { 50, 100, 200, 400 } do
      local api = "api-" .. n
      w:service { api, workers = 1, cores = 1,
        endpoints = { get = { compute(exponential(ms(10))) } } }
      w:client { "users-" .. n, to = api .. "/get", users = n, think = exponential(sec(1)),
        calls = { [api] = { network = 0 } } }
    end
    w:service { "api-open", workers = 1, cores = 1,
      endpoints = { get = { compute(exponential(ms(10))) } } }
    w:client { "open", to = "api-open/get", rate = 92.4,
      calls = { ["api-open"] = { network = 0 } } }
  end,
}
