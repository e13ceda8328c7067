-- The tail at scale: one slow answer in a hundred, asked of ten servers at once.
--
-- A page asks ten shards and needs all ten answers. Each answers in 5 to 15 ms, but one
-- time in a hundred it takes 150 ms more. One shard's p99 is bad luck; the page has ten
-- chances for it: 1 - 0.99^10 = 9.6 % of all pages are slow.
--
--   plain     waits for whatever comes
--   hedged    asks a second instance when there is no answer after 20 ms, and takes what
--             comes first: about 1 % more requests, and a page is slow only where two are
--             slow for the same shard: 10 x 0.01 x 0.01 = 0.1 %
--
-- Look at: p99 of the two clients (from 165 to 35 ms); `attempts_total` of the calls against
-- `requests_total`, which is what hedging costs.
--
-- Dean and Barroso, The Tail at Scale, CACM 2013.

local function slow_sometimes()
  return { sleep(uniform(ms(5), ms(15))), sometimes(0.01, { sleep(ms(150)) }) }
end

return lab { "hedged requests over ten shards", ends_at = min(10),

  world = function(w)
    for name, policy in pairs { plain = {}, hedged = { hedge_after = ms(20) } } do
      local asks, calls = {}, {}
      for n = 1, 10 do
        local shard = "shard-" .. name .. "-" .. n
        w:service { shard, instances = 4, workers = 100, endpoints = { get = slow_sometimes() } }
        asks[n] = call(shard, "get")
        calls[shard] = policy
      end
      w:service { "page-" .. name, workers = 1000, calls = calls,
        endpoints = { show = { parallel(asks) } } }
      w:client { name, to = "page-" .. name .. "/show", rate = 100 }
    end
  end,
}
