-- incident.io, 18 November 2022: a message made the process that read it die, and web and workers
-- were one process. Down for 13 minutes of 32, from 15:40 to 16:12, until the queue was purged.
-- First crash at 15:40, restarted by hand at 15:42, next one at 15:47; Heroku lets a process that
-- dies again wait for up to 20 minutes. (incident.io/blog/intermittent-downtime)
--
-- The message comes again 5 minutes after it was taken, each time somebody needs 2 minutes to
-- restart the process, which starts in 10 s: six times 2 minutes and 10 s are 13 minutes.
-- With workers of their own, as built that evening, nobody notices.
return lab { "incident.io, 18 November 2022", warm_up = sec(1), ends_at = min(45),
  world = function(w)
    local dyno = { start_up = sec(10), crash_backoff = min(20), crash_backoff_max = min(20) }
    for name, reader in pairs { one = "web-one", split = "worker-split" } do
      local web, queue = "web-" .. name, "pubsub-" .. name
      local handle = { sleep(ms(50)), crash() }
      w:service { web, workers = 50, start_up = dyno.start_up, crash_backoff = dyno.crash_backoff,
        crash_backoff_max = dyno.crash_backoff_max, endpoints = { get = { sleep(ms(50)) }, handle = handle } }
      if reader ~= web then
        w:service { reader, workers = 50, start_up = dyno.start_up, crash_backoff = dyno.crash_backoff,
          crash_backoff_max = dyno.crash_backoff_max, endpoints = { handle = handle } }
      end
      w:broker { queue, topics = { events = {
        subscription = { to = reader .. "/handle", style = "queue", visibility = min(5) } } } }
      w:client { "users-" .. name, to = web .. "/get", rate = 20, gives_up = sec(30) }
      w:service { "app-" .. name, endpoints = { publish = { publish(queue .. ".events"), publish(queue .. ".events") } } }
      w:job { "event-" .. name, to = "app-" .. name .. "/publish", every = hours(10), at = min(5) }
    end
  end,
  incident = function(i)
    for k = 0, 5 do i:at(min(7 + 5 * k), op("web-one", "restart")) end
    i:at(min(37), op("web-one", "restart"), op("pubsub-one.events", "purge"), op("pubsub-split.events", "purge"))
  end,
}
