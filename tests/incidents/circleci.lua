-- CircleCI, 7 July 2015: GitHub's hooks stopped for an hour and came back at once. The build queue
-- was kept in the main database, whose work grows with those that fight over it: builds left it
-- at about one a minute instead of many a second, until the queue was cleared by hand.
-- (status.circleci.com/incidents/hr0mm9xmm3x6)
--
-- Agrees: after the pause less is done than before it, and though less comes in than could be
-- done, the backlog grows; with fewer at once it drains. Does not: the model loses nine tenths,
-- where one a minute is a thousandth. There a build that failed was put into the queue again.
return lab { "CircleCI, 7 July 2015", warm_up = sec(1), ends_at = hours(3),
  world = function(w)
    w:database { "db", cores = 8, contention = 0.02, coherency = 0.002, max_connections = 500, statements = { dequeue = { cpu = exponential(ms(20)) } } }
    w:service { "builds", workers = 400, pool = { to = "db", size = 400 }, endpoints = { run = { query("db", "dequeue") } } }
    w:broker { "hooks", topics = { push = { subscription = { to = "builds/run", style = "queue", consumers = 400, visibility = sec(30) } } } }
    w:service { "github", endpoints = { push = { publish("hooks.push") } } }
    w:client { "developers", to = "github/push", rate = 40 }
  end,
  incident = function(i)
    i:at(min(30), op("hooks.push.subscription", "pause"))
    i:at(min(90), op("hooks.push.subscription", "resume"))
    i:at(min(120), set("hooks.push.subscription.consumers", 10))
  end,
}
