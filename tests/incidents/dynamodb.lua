-- Amazon DynamoDB, 20 September 2015: a short disturbance of the network made storage servers ask
-- for their list of partitions at once. The lists had grown, answers came later than the servers
-- waited for them, and they asked again and again. It did not end by itself; capacity could not
-- be added, as that needed the same service, until the requests were paused: from 02:19 to 05:06,
-- then normal at 07:10. At the worst 55 % of customers' requests failed.
-- (aws.amazon.com/message/5467D2)
--
-- 1,200 servers that ask every 3 minutes, a service that can do three times that. Agrees: a minute
-- without network is enough, it lasts until the requests are paused, and with more capacity and
-- the requests let in slowly all is well. Does not: here all servers lose their list in the end,
-- there 55 %; how long a server may go on with an old one is not published.
return lab { "Amazon DynamoDB, 20 September 2015", warm_up = sec(1), ends_at = hours(6),
  world = function(w)
    w:service { "metadata", instances = 1, workers = 64, cores = 1, queue = 200, endpoints = { membership = { compute(exponential(ms(50))) } } }
    w:link { "net" }
    w:limiter { "gate", to = "metadata", rate = 1000000, burst = 100 }
    w:client { "storage", to = "gate/membership", users = 1200, think = exponential(min(3)), gives_up = sec(2), reloads = 1, reload_delay = sec(5), calls = { gate = { via = "net" } } }
  end,
  incident = function(i)
    i:at(min(19), fault("net", "partition", {}, { lasts = min(1) }))
    i:at(hours(3), set("gate.rate", 0.01))
    i:at(hours(3) + min(5), set("metadata.instances", 4))
    i:at(hours(3) + min(10), set("gate.rate", 20))
    i:at(hours(4), set("gate.rate", 1000000))
  end,
}
