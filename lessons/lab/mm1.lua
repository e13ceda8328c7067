-- One server, one queue: M/M/1, the hydrogen atom of queueing.
--
-- Customers come at random (Poisson), 90 a second; one worker needs 10 ms on average,
-- exponentially distributed. So it is busy for rho = 90 x 0.010 = 90 % of the time, and
-- theory says exactly what that costs:
--
--   response time    mean  W  = s / (1 - rho)        = 100 ms    ten times the work
--   waiting          mean  Wq = rho s / (1 - rho)    =  90 ms
--   percentiles      W is exponential: p50 = W ln 2  =  69.3 ms
--                    p99 = W ln 100                  = 460.5 ms
--                    p99.9 = W ln 1000               = 690.8 ms
--   in the system    L  = lambda W                   =   9       (Little's law)
--
-- Change rate to 45, 81 or 99 and see what the last few percent of utilisation cost.
-- Errors shrink with the root of the time: --until 10h halves those of --until 2.5h.
-- At 90 % busy the queue remembers for a long time, so short runs scatter widely.

return lab { "M/M/1: one server, 90 % busy",
  ends_at = hours(10), -- the first tenth is warm-up and not measured

  world = function(w)
    w:service { "server", workers = 1, cores = 1,
      endpoints = { serve = { compute(exponential(ms(10))) } } }
    w:client { "customers", to = "server/serve", rate = 90 }
  end,
}
