-- Balancing: how to choose one of ten instances, when requests differ.
--
-- Ten instances with one worker each are 80 % busy. Work is hyperexponential: nine
-- requests in ten take 5.5 ms, one takes 54 ms (mean 10 ms, variance five times the mean
-- squared), as real ones do. The choosers differ in what they know:
--
--   random            nothing
--   round_robin       whose turn it is: evens out numbers, not work
--   two_choices       asks two instances at random and takes the one with less in flight
--   least_in_flight   asks all
--
-- What to expect. A long request blocks those behind it, and random and round robin go
-- on sending to the blocked one. Two choices get most of what asking everybody brings,
-- for two questions: with n instances and random choice the longest queue grows like
-- log n, with two choices like log log n (Azar et al. 1994; Mitzenmacher 1996).
--
-- Random choice makes ten M/G/1 queues, of which Pollaczek and Khinchine tell the mean
-- wait: rho s (1 + 5) / 2 / (1 - rho) = 120 ms. The bound for any balancer is one queue
-- for all ten: about 5 ms.
--
-- Look at: the mean and the p99 of `waiting` of each client.

local choosers = { "random", "round_robin", "two_choices", "least_in_flight" }

return lab { "balancing ten instances", ends_at = min(10),

  world = function(w)
    for _, how in ipairs(choosers) do
      local api = "api-" .. how
      w:service { api, instances = 10, workers = 1, cores = 1,
        endpoints = { get = { compute(hyperexp(ms(10), 5)) } } }
      w:balancer { "edge-" .. how, to = api, policy = how }
      w:client { how, to = "edge-" .. how .. "/get", rate = 800 }
    end
    -- The bound: one queue, ten workers with a core each.
    w:service { "api-one-queue", workers = 10, cores = 10,
      endpoints = { get = { compute(hyperexp(ms(10), 5)) } } }
    w:client { "one-queue", to = "api-one-queue/get", rate = 800 }
  end,
}
