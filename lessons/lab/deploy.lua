-- A deploy under load: what restarting four instances in turn costs, and a bad version.
--
-- Four instances at 60 % of what they can do. At minute 10 version v2 is put out, which is
-- as good as v1: while an instance restarts the other three are 80 % busy. A new
-- instance is three times slower for its first ten seconds. At minute 20 comes v3, which
-- needs twice the time: 120 % of what there is; at minute 25 somebody rolls it back.
--
-- What to expect: waiting grows for half a minute around minute 10, and without end in
-- the five minutes of v3: 240 requests a second come and 200 leave, so 12,000 wait in the
-- end. Users wait for 30 s at most and give up, but their requests are worked on all the
-- same: nearly all that v3 answers in its last minutes is answered to nobody (`wasted`).
-- A restart loses what waits in its instance's queue (`instance went away`), which hurts
-- those users and frees the others from the queue.
--
-- Look at: p99 and p99.9 of users; the highest `queued` of api; how the time of the slow
-- 1 % differs from that of the median.

return lab { "deploys under load", ends_at = min(40),

  world = function(w)
    w:service { "api", instances = 4, workers = 4, cores = 1, start_up = sec(5),
      warm_up = sec(10), warm_up_factor = 3, drain = sec(5),
      versions = {
        { "v1", get = { compute(exponential(ms(10))) } },
        { "v2", get = { compute(exponential(ms(10))) } },
        { "v3", get = { compute(exponential(ms(20))) } },
      } }
    w:balancer { "edge", to = "api", policy = "least_in_flight" }
    w:client { "users", to = "edge/get", rate = 240, gives_up = sec(30) }
  end,
  promises = { users = { "an answer within a second", within = sec(1), good = 0.999, window = min(30) } },

  incident = function(i)
    i:at(min(10), deploy("api", "v2", { by = "deploy bot" }))
    i:at(min(20), deploy("api", "v3", { by = "deploy bot" }))
    i:at(min(25), op("api", "rollback", {}, { by = "operator" }))
  end,
}
