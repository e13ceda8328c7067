-- Retries: how a hiccup of ten seconds becomes an outage without end.
--
-- A service can answer 100 requests a second and gets 70. After five minutes it is ten
-- times slower for ten seconds. Callers wait one second for an answer, then try again, up
-- to three times. The five callers differ in nothing but how they try again:
--
--   none       they do not
--   at-once    three retries, at once
--   backoff    three retries, exponential backoff with full jitter, from 1 s to 20 s
--   budget     three retries, but not more than 10 % of all requests
--   breaker    three retries, at once, behind a circuit breaker
--
-- What to expect. While the service is slow its queue grows. Without retries it drains
-- in about half a minute. With retries at once the queue is full of requests whose
-- callers have given up: the service works at full speed on answers that nobody reads
-- (`wasted`), each of them is sent again, and 70 requests a second have become 280. The
-- hiccup is over, the overload feeds itself: a metastable failure. Backoff spreads the
-- same retries over time, and does not make them fewer, so it does not help a system
-- that is down because of them. A budget does: it bounds the work.
--
-- Look at: good/s of each client (70 is all of them); `attempts_total` of each call
-- (users.api); `wasted`. Then try: a shorter queue (queue = 50), newest first
-- (order = "lifo"), or cancel = true.
--
-- Bronson et al., Metastable Failures in Distributed Systems, HotOS 2021.

local callers = {
  none = {},
  ["at-once"] = { retries = 3 },
  backoff = { retries = 3, backoff = "exponential", base = sec(1), cap = sec(20), jitter = "full" },
  budget = { retries = 3, retry_budget = 0.1 },
  breaker = { retries = 3, breaker = 0.5 },
}

return lab { "retries and a hiccup", ends_at = min(20),

  world = function(w)
    for name, policy in pairs(callers) do
      local api = "api-" .. name
      policy.timeout = sec(1)
      w:service { api, workers = 1, cores = 1, queue = 2000,
        endpoints = { get = { compute(exponential(ms(10))) } } }
      w:service { "web-" .. name, workers = 4096, calls = { [api] = policy },
        endpoints = { page = { call(api, "get") } } }
      w:client { "users-" .. name, to = "web-" .. name .. "/page", rate = 70 }
    end
  end,

  incident = function(i)
    for name in pairs(callers) do
      i:at(min(5), fault("api-" .. name, "slow", { factor = 10 }, { lasts = sec(10) }))
    end
  end,
}
