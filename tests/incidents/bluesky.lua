-- Bluesky, 6 April 2026: a new service asked for 15,000 to 20,000 posts at once, less than three
-- times a second, where 1 to 50 were usual; each was looked up in memcached on a connection of
-- its own. They closed afterwards, and their local ports stayed in TIME_WAIT until there were
-- none: "bind: address already in use". Half of the users were down on and off for 8 hours.
-- (pckt.blog, "Bluesky April 2026 Outage Post-Mortem", J. Calabro; the root cause there: no limit
-- on how many are asked at once.)
--
-- Linux has 28,232 local ports towards one address, and keeps each for 60 s. So one batch of
-- 15,000 in 60 s is well, and a second one is not: at 0.1 a second two of three fail, though the
-- service is idle. With at most 100 at once, as the cure was, the connections are used again.
return lab { "Bluesky, 6 April 2026: out of local ports to memcached", warm_up = sec(1), ends_at = min(5),
  world = function(w)
    for name, limit in pairs { unbounded = 0, bounded = 100 } do
      local cache, data = "memcached-" .. name, "data-" .. name
      w:service { cache, workers = 20000, cores = 100, endpoints = { get = { sleep(ms(1)) } } }
      w:service { data, workers = 20000, cores = 64,
        calls = { [cache] = { max_idle = 100, keep_alive = 1000000000, max_in_flight = limit, max_waiting = limit * 1000 } },
        endpoints = { feed = { fan_out(50, { call(cache, "get") }) },
                      batch = { fan_out(2, { fan_out(7500, { call(cache, "get") }) }) } } }
      w:client { "users-" .. name, to = data .. "/feed", rate = 100 }
      w:client { "internal-" .. name, to = data .. "/batch", rate = 0.1, arrivals = "even" }
    end
  end,
}
