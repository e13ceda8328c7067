-- 2 a.m.: the machine of the leading database is gone. Of two replicas, the one that looks
-- nearer has not received what was written last; the one that looks far behind has all of it on
-- its disk and has only not applied it.
--
-- 16 scans a second, 20,000 bytes of log each. The far one's replay was paused about 24 minutes
-- before: 460 MB to apply, at 3 MB/s two and a half minutes. The other's line was cut about 13
-- minutes before: some 12,500 scans are on no disk but the one that is gone, and on the far one.
-- A new connection costs the leader 100 ms of its one core: 16 a second are more than it can.

local SORTERS = 6
local GONE, PAGE = min(36), min(43)
local BACK = GONE + min(27) -- the machine has power again

local function far() return pick("far", { "db-2", "db-3" }) end -- has received all, applies nothing
local function cut() return far() == "db-2" and "db-3" or "db-2" end
local function rate() return vary("rate", 15.5, 17) end -- scans a second
local function server(name) return "parcels-db." .. name end

local function parcels_a_minute(s) return 60 * s:rate("parcels_sorted", min(1)) end
local function led_by(s, name) return s:of(server(name)).leads == 1 end
local function lost(s) return s:total("parcels-db", "lost_writes_total") end
-- What the learner has restarted; a roll-out restarts, too, and had nothing to do with it.
local function restarts(s)
  return s:changed() and s:increase("sorter", "restarts_total", s:since_first_change()) or 0
end
local function restarted(s) return restarts(s) > 0 end
local function leads(s) return s:database("parcels-db").primary_up == 1 end

local function moved(s) return s:database("parcels-db").failovers_total > 0 end
-- Scans take a tenth of a core: what makes a server busy is new connections.
local function herd(s)
  return leads(s) and moved(s) and math.max(s:of(server("db-2")).cpu, s:of(server("db-3")).cpu) > 0.8
end

-- What texts claim.
local function untouched(s) return not s:changed() end
local function stopped(s) return parcels_a_minute(s) < 60 end
local function kept(s) return lost(s) < 100 end

-- The sums: the age of the oldest write that a replica lacked, at the page and when the leader went.
local function at_page(s, name) return s:ago(server(name), "lag", s:now() - PAGE) end
local function when_it_went(s, name)
  return at_page(s, name) - s:ago("parcels-db", "leaderless_seconds_total", s:now() - PAGE)
end

return lesson {
  id = "two-am",
  title = "2 a.m.",
  track = "recover",
  minutes = 30,
  level = 3,
  summary = "The machine of the database is gone. Two replicas could take over. One choice cannot be undone.",
  post = {
    title = "The True Code of Production Systems",
    url = "https://www.thetruecode.com/the-true-code-of-production-systems/",
    basis = "title",
  },
  teaches = {
    "lag is what a replica has not applied; lost is what it has not received",
    "a new leader is half a failover: somebody must tell the callers",
    "what works at 02:30 is left alone until somebody is awake to move it back",
  },

  day_start = "01:24",
  starts_at = PAGE,
  ends_at = PAGE + min(62),
  good_for = min(15),

  place = [[
    Nordhub sorts parcels at night. About 16 times a second a belt scans one. A parcel goes
    on when the scan is written in parcels-db; after that the row is all that says which
    lorry it is in. Six instances of sorter write the scans. parcels-db has two replicas,
    db-2 and db-3, from which customers read where their parcel is. Hanne runs the night
    shift, Ola does the reports, Pim wrote the sorter. Nobody else is awake.
  ]],
  page = [[
    02:07. Hanne calls: "The belts stand. All of them, since some minutes. Three lorries
    wait at the gates." No alert has fired, and all instances are healthy.
  ]],
  tools = { "status", "chart", "db", "replica", "ps", "logs", "changes", "ask", "suspect",
            "restart", "set", "say", "wait", "hint" },

  world = function(w)
    w:counter { "parcels_sorted" }
    w:database { "parcels-db", max_connections = 600, cores = 1, connect_time = ms(100), commit_time = ms(6),
      promote_time = sec(10), data = 40e9, restore_rate = 200e6,
      replicas = { ["db-2"] = { delay = ms(3), replay_rate = 3e6 }, ["db-3"] = { delay = ms(3), replay_rate = 3e6 } },
      statements = {
        scan = { cpu = exponential(ms(5)), wal = 20000 },
        find = { cpu = exponential(ms(5)), on = "replica" },
      } }
    w:service { "sorter", instances = SORTERS, workers = 32, queue = 20, start_up = sec(8), drain = sec(4),
      -- the driver keeps an address for an hour
      pool = { to = "parcels-db", size = 20, min_size = 2, address_ttl = hours(1) },
      calls = { ["parcels-db"] = { connect_timeout = sec(3) } },
      endpoints = { scan = { compute(ms(2)), query("parcels-db", "scan"), count("parcels_sorted") } } }
    w:service { "tracking", instances = 2, workers = 32, pool = { to = "parcels-db", size = 10, role = "replica" },
      endpoints = { find = { compute(ms(2)), query("parcels-db", "find") } } }
    w:balancer { "edge", to = "sorter" }
    -- the shift begins slowly
    w:client { "belts", to = "edge/scan", gives_up = sec(4), reloads = 0.5,
      rate = points { base = rate(), { 0, 0.05 }, { min(1), 0.05 }, { min(5), 1 } } }
    w:client { "customers", to = "tracking/find", rate = per_second(2), gives_up = sec(8) }
  end,

  promises = {
    users = { "a scan is answered within 2 s", good = 0.99, within = sec(2), window = min(30),
      clients = { "belts", "customers" }, hidden = true },
    data = { { "no scan that was answered is lost", broken = lost } },
  },
  shows = { "parcels_sorted" },

  alerts = {
    threshold { "parcels-db is busy", of = "parcels-db", metric = "cpu", above = 0.9, hold = min(2), page = true },
    threshold { "sorter is busy", of = "sorter", metric = "cpu", above = 0.9, hold = min(2) },
  },

  incident = function(i)
    local v = pick { 31, 48, 52, 77 }
    i:at(vary(min(10), min(13)), op(server(far()), "pause_replay", {}, { by = "Ola" }))
    i:at(vary(min(20), min(25)), fault(server(cut()), "link_down"))
    i:red_herring(vary(min(29), min(33)), deploy("sorter", "v" .. v, { by = pick { "Pim", "deploy bot" }, was = "v" .. v - 1 }))
    local other = pick { { "edge", "belt 7 moved to gate 12" }, { "edge", "test of the emergency lights" },
                         { "tracking", "new page for customers" } }
    i:red_herring(vary(min(26), min(35)), decoy(other[1], other[2], { by = pick { "Jonas", "Mio", "Signe" }, final = true }))
    i:cause(vary(GONE - sec(30), GONE + sec(30)), fault("parcels-db", "host_gone", {}, { lasts = min(27) }))
  end,

  expect = {
    at = PAGE,
    moves = {
      ["no parcel is sorted"] = function(s) return parcels_a_minute(s) == 0 end,
      ["no server leads"] = function(s) return not leads(s) end,
      ["connections hang while they are opened"] = function(s) return s:pool("sorter.pool").pool_connecting > 30 end,
    },
    normal = {
      ["all instances are healthy"] = function(s) return s:service("sorter").healthy == SORTERS end,
      ["no alert"] = function(s) return not s:alerting() end,
      ["customers are well"] = function(s) return s:good_of("customers", min(1)) > 0.98 end,
      ["no server is busy"] = function(s)
        return s:database("parcels-db").cpu < 0.3 and s:of(server("db-2")).cpu < 0.3 and s:of(server("db-3")).cpu < 0.3
      end,
      ["the replica that has less looks nearer"] = function(s)
        return s:of(server(cut())).lag < s:of(server(far())).lag
          and s:of(server(cut())).received_bytes < s:of(server(far())).received_bytes
      end,
    },
  },

  suspects = {
    { "parcels-db", "host-gone", right = true },
    { "sorter.pool", "pool-too-small", also = { "sorter" },
      reply = "Connections are taken, and requests wait. What do those who have a connection wait for?" },
    { "parcels-db", "overload", reply = "A database with too much to do is busy. Is it?" },
    { "sorter", "bad-deploy", reply = "It was put out some minutes before. Parcels were sorted after that, too." },
    { "edge", "traffic-spike", also = { "belts" },
      reply = "If too many came, as many parcels as ever would be sorted. How many are?" },
  },
  facts = {
    { "the server that leads does not answer", seen = { "parcels-db:replicas", "parcels-db:metrics" },
      when = function(s) return s:database("parcels-db").up == 0 and not leads(s) end,
      fits = { "host-gone" },
      tells = "The server that leads does not answer, and both replicas do." },
    { "the database is busy", seen = { "status", "parcels-db:metrics", "parcels-db:metric.cpu" },
      when = function(s) return s:database("parcels-db").cpu > 0.7 end,
      fits = { "overload", "traffic-spike" },
      tells = "No server of the database has anything to do." },
    { "connections end with an error", seen = "parcels-db:metrics",
      when = function(s) return s:increase("parcels-db", "refused_total", min(5)) > 0 end,
      fits = { "pool-too-small", "overload", "traffic-spike" },
      tells = "The database has refused nobody: who asks hears nothing at all." },
  },

  people = {
    hanne = { "Hanne", role = "night shift", desk = true, knows = {
      { "belts", "A belt stops when a scan is not answered. After some seconds it asks again." } } },
    ola = { "Ola", role = "reports", knows = {
      { "db-2", "I read the night report from it, so I stopped its replay at half past one: the numbers must not move. It still gets everything.",
        when = function(s) return far() == "db-2" end },
      { "db-3", "I read the night report from it, so I stopped its replay at half past one: the numbers must not move. It still gets everything.",
        when = function(s) return far() == "db-3" end },
      { "replicas", "One of them is mine until the report is done. With the other I have nothing to do." } } },
    pim = { "Pim", role = "wrote the sorter", knows = {
      { "sorter", "It asks where parcels-db is when it opens a connection, and believes that for an hour. A restart makes it ask again." },
      { "parcels-db", "It stands in hall 1, with its own power. The replicas are in hall 2." } } },
  },
  reactions = {
    { on = "customer", by = "hanne", "A driver asks if he should leave without the rest. What do I say?" },
    { on = "silence", by = "hanne", "I have forty people standing here. Tell me something, even if it is little." },
    { by = "pim", when = function(s) return s:now() >= BACK + min(2) and s:database("parcels-db").failovers_total > 0 end,
      "The machine in hall 1 has power again. Shall we go back to it?" },
  },

  steps = {
    find { "since", title = "Since when?", answer = "since",
      say = [[Hanne says "some minutes". What is sorted is counted. Since when do the belts stand?]],
      near = "Near. In which minute does the count of parcels stop?",
      wrong = "What did you read that from? Look at the number that the hub lives from, over the last half hour.",
      solution = { "status", "chart parcels_sorted --since 30m" },
      done = { { when = untouched, "All belts stopped at one moment. Every instance is healthy, and no alert has fired.",
          claims = { stopped, function(s) return not s:alerting() end,
            function(s) return s:service("sorter").healthy == SORTERS end } },
        "All belts stopped at one moment." },
      hints = { "Which number would Hanne look at?", "One counter says how many parcels were sorted.",
        "chart parcels_sorted --since 30m" } },

    find { "where", title = "What does everybody wait for?", answer = "suspect",
      say = [[Each scan waits for seconds, and fails. Nothing says why. Follow a scan: edge, sorter, its connections, the other end of
        them. When you know, write down place and mechanism.]],
      solution = { "status", "ps sorter", "db replicas", "suspect parcels-db host-gone because ps, db replicas" },
      done = { { when = untouched, "The server that leads says nothing. It refuses nobody either: who connects hangs.",
          claims = function(s) return not leads(s) end },
        "The server that led said nothing. It refused nobody either: who connected hung." },
      hints = { "Who has a connection, and what is done with it?",
        "A database can be several servers. Which of them answers?",
        "db replicas lists the servers and says who leads, and who answers.",
        "suspect parcels-db host-gone because ps, db replicas" } },

    find { "trigger", title = "What began it?", answer = "trigger",
      say = [[A replica's replay was paused, a version was put out, and something else was changed. Did one of them begin
        it? Or did something break by itself, without anybody? Type the component in which it began.]],
      replies = { { "nothing", "Nobody's change began it. Something did, all the same: in which component?" } },
      wrong = "When was that done, and what did the belts do in the minutes after it?",
      solution = { "changes", "trigger parcels-db" },
      done = "Nobody did anything. Machines fail by themselves, too.",
      hints = { "What somebody did stands in a list, with its time.", "The belts went on after each of them.",
        "The list is called changes. What you wrote down as the place can also be what broke.", "trigger parcels-db" } },

    find { "which", title = "Whom would you promote?", of = "component",
      answer = function(s) return server(far()) end,
      say = [[Two replicas answer. One of them will lead, and what it has not got is gone for good. Each scan that was
        answered is a parcel on a lorry. Which server has more of them on its own disk?]],
      replies = {
        { "parcels-db.db-2", "Its LAG is smaller: what can be read there is newer. Is that all that lies on its disk, and on the other's?" },
        { "parcels-db.db-3", "Its LAG is smaller: what can be read there is newer. Is that all that lies on its disk, and on the other's?" },
        { "parcels-db", "It has them all. It is also the one that does not answer, and nobody knows for how long." } },
      wrong = "One of the two replicas. Compare what each has received.",
      solution = { "db replicas" },
      done = [[LAG is the age of what a server has not applied. RECEIVED is what it has. The one whose replay was paused
        looks far behind, and lacks nothing.]],
      hints = { "Behind can mean: not applied yet. It can also mean: never came.",
        "A log is received first, and applied after that. Two columns.",
        "In db replicas, RECEIVED says how far the log on each disk goes. Take the larger." } },

    act { "lead", title = "Give it a leader",
      say = [[Make that server the leader. One whose replay is paused is refused: first it must go on. Then it applies
        what it has, which takes some minutes.]],
      goal = leads,
      solution = { "replica resume parcels-db", "db failover parcels-db", "wait 4m" },
      done = { { when = kept, "A server takes writes, and nothing that was answered is lost.", claims = { leads, kept } },
        { "A server takes writes. {lost} scans that had been answered are on no server that follows.", claims = leads } },
      hints = { "Two things: its replay, and then the lead.",
        "help replica, and help db failover.",
        "replica resume parcels-db lets the paused one go on; db failover parcels-db makes a replica the leader.",
        "replica resume parcels-db, then db failover parcels-db, then wait 4m" } },

    ask { "still", title = "There is a leader. And the belts?",
      say = { { when = function(s) return leads(s) and stopped(s) end,
          [[A server takes writes, and is idle. The belts get {parcels} parcels a minute through. Why?]],
          claims = { leads, stopped } },
        [[A server takes writes, and parcels are at {parcels} a minute. Before the sorters were told, they were at zero.
          Why?]] },
      choices = {
        { "The new leader is too slow.", reply = "A slow server is busy. It has nothing to do." },
        { "The sorters still talk to the machine that is gone.", right = true,
          reply = [[Yes. Their connections are open, as far as they know: nobody said goodbye. And the address that they
            looked up is good for an hour.]] },
        { "The belts have given up.", reply = "They ask again all the time." },
      },
      moot = false,
      hints = { "Who has told the sorters?", "What do their connections lead to? And where would new ones go?",
        "The second answer." } },

    act { "stop", title = "Tell the callers",
      say = [[Make the sorters ask again where parcels-db is, and drop the connections that lead nowhere. All belts will
        come at once: mind how many new connections the leader gets in one moment. Three good minutes.]],
      goal = function(s) return s:good_for(min(3)) end,
      solution = { "restart sorter --rolling", "wait 8m" },
      done = { { when = kept, "The belts run: {parcels} parcels a minute, and no scan was lost.",
          claims = { kept, function(s) return parcels_a_minute(s) > 600 end } },
        { "The belts run: {parcels} parcels a minute. {lost} scans are lost: for those parcels nobody can say where they are.",
          claims = function(s) return lost(s) >= 100 end } },
      hints = { "What forgets connections and addresses?",
        "A restart does both. One instance at a time, so that not all connect at once.",
        "restart sorter --rolling, then wait 8m" } },

    say_update { "tell", title = "Tell people",
      say = [[Hanne has forty people and three lorries. Who was hurt, since when, how much, what is the state, and when
        do you write again?]],
      needs = { "who", "since", "impact", "state", "next" },
      solution = { "say --who belts --since 02:00 --impact not known yet --state mitigated --next 02:45" },
      done = "Hanne sends the lorries on.",
      hints = { "Short and true.", "The old server is not back, and only one replica is left: mitigated.",
        "say --who belts --since 02:00 --impact not known yet --state mitigated --next 02:45" } },

    ask { "back", title = "Go back?",
      say = [[In a while the machine in hall 1 will have power again. It has the name that everybody knows, and it is the
        larger one. When do you move the lead back to it?]],
      choices = {
        { "As soon as it is up: that is the system as it was planned.",
          reply = "Each move costs what this one cost: all connections, all addresses. Nothing is broken that this would mend." },
        { "Not tonight. It is made a replica again; the lead moves in calm hours, if at all.", right = true,
          reply = [[Yes. What it holds is older than what was written since: it has to be rebuilt before it can follow. Then
            you have a second copy again. That is what is missing now.]] },
        { "Never: it cannot be trusted any more.",
          reply = "Perhaps. But one copy fewer is a risk, too. It can follow without leading." },
      },
      moot = false,
      hints = { "What would a second move of the lead do to the sorters?", "The second answer." } },

    act { "verify", title = "Does it stay well?",
      say = [[Fifteen good minutes after your last change.]],
      goal = function(s) return s:good_for(min(15)) and s:since_change() >= min(15) end,
      solution = { "wait 20m" },
      done = "Fifteen good minutes. The night is not over, and it runs.",
      hints = { "Only time shows it.", "Touch nothing.", "wait 20m" } },

    prevent { "prevent", title = "What would have helped?",
      say = [[Which of these would have made this night shorter, or safer?]],
      hints = { "Hanne called after seven minutes.", "And what if nobody had had to be woken?",
        "The first or the second." } },
  },

  values = {
    parcels = { "count", parcels_a_minute },
    lost = { "count", lost },
    scans = { "number", rate },
    log = { "count", function(s) return 20 * rate() end },
    far_lag = { "duration", function(s) return at_page(s, far()) end },
    cut_lag = { "duration", function(s) return at_page(s, cut()) end },
    paused = { "duration", function(s) return when_it_went(s, far()) end },
    paused_s = { "count", function(s) return when_it_went(s, far()) / sec(1) end },
    behind = { "count", function(s) return when_it_went(s, far()) / sec(1) * rate() / 50 end },
    apply = { "count", function(s) return when_it_went(s, far()) / sec(1) * rate() / 150 end },
    cut_off = { "duration", function(s) return when_it_went(s, cut()) end },
    cut_s = { "count", function(s) return when_it_went(s, cut()) / sec(1) end },
    only = { "count", function(s) return when_it_went(s, cut()) / sec(1) * rate() end },
    in_use = { "number", function(s) return rate() * 0.014 end },
    herd = { "number", function(s) return rate() * 0.1 end },
    one = { "number", function(s) return rate() / SORTERS end },
    one_cores = { "number", function(s) return rate() / SORTERS * 0.1 end },
  },

  traps = {
    { "wrong-one", when = function(s) return led_by(s, cut()) and lost(s) >= 100 end,
      say = [[That server leads now. What it had never received is on no server that leads or follows: {lost} scans.
        There is no way back to them from here. Write it down, and tell Hanne; then go on.]] },
    { "too-early", when = function(s)
        return restarted(s) and not leads(s) and s:since_change() > sec(40)
      end,
      say = [[The sorters asked again, and there was still no new leader: they were told the old address, and believe it
        for an hour. The leader comes first.]] },
    { "herd", when = function(s)
        return herd(s) and restarted(s) and s:since_change() > sec(40) and stopped(s)
      end,
      say = [[All came at once. Each wants a new connection, gives up after 3 s and asks again; the leader works for
        nobody. It will not end by itself. Two things say how many come at a time: the size of the pools, and the edge.]] },
    { "not-told", when = function(s)
        return leads(s) and s:database("parcels-db").failovers_total > 0 and stopped(s) and s:since_change() > min(4)
          and not restarted(s)
      end,
      say = "A server takes writes, and nobody writes. Who still talks to the machine that is gone?" },
    { "back-too-early", when = function(s)
        return s:database("parcels-db").failovers_total > 1 and s:since_change() > min(1) and s:good(min(1)) < 0.5
      end,
      say = [[The lead is back where it was, and all sorters write to a server that only follows: it is read-only. They
        believe its address for an hour. You know what helps.]] },
  },

  fixes = {
    { "The one that has received all, then the sorters one by one",
      { "replica resume parcels-db", "db failover parcels-db", "wait 4m", "restart sorter --rolling", "wait 4m" },
      says = "It applied what it had, and led without a gap. Each restarted sorter asked anew where the leader is." },
    { "The same, with a small pool for all at once",
      { "replica resume parcels-db", "db failover parcels-db", "wait 4m", "set sorter.pool.size 2", "restart sorter", "wait 3m" },
      says = "Six times two connections are no crowd, and 16 scans a second of 14 ms need none at most times. So all could come at once." },
    { "All at once, with most of the belts held back",
      { "replica resume parcels-db", "db failover parcels-db", "wait 4m", "limit edge 4", "restart sorter", "wait 1m",
        "limit edge 100", "wait 2m" },
      says = "Four scans a second ask for four connections: the leader could open them, and kept them. Then all belts could come." },
  },
  wrong = {
    { "The replica with the smaller lag", { "db failover parcels-db", "wait 2m", "restart sorter --rolling", "wait 4m" },
      harm = "loses", used = function(s) return led_by(s, cut()) end,
      says = [[Its line had been cut since before 02:00. All that was answered in that time was on the machine that was
        gone, and on the other replica, which had to be thrown away, as it had more than its new leader.]] },
    { "A failover that decides by itself", { "set parcels-db.auto_failover 30s", "wait 2m", "restart sorter --rolling", "wait 4m" },
      harm = "loses", used = function(s) return s:param("parcels-db.auto_failover") > 0 end,
      says = "It takes the best of those that apply the log. The one that had everything was paused, so it was not asked." },
    { "A new leader, and nobody told", { "replica resume parcels-db", "db failover parcels-db", "wait 10m" }, harm = "nothing",
      used = function(s) return moved(s) and stopped(s) and not restarted(s) end,
      says = "The sorters went on talking to a machine that was gone. An open connection to it looks like any other." },
    { "Restart first", { "restart sorter --rolling", "wait 4m", "replica resume parcels-db", "db failover parcels-db", "wait 5m" },
      harm = "nothing",
      used = function(s)
        return restarted(s) and not herd(s) and (not leads(s) or stopped(s) or restarts(s) >= 2 * SORTERS)
      end,
      says = "They asked for the leader while there was none, got the old address, and kept it for an hour." },
    { "All sorters at once",
      { "replica resume parcels-db", "db failover parcels-db", "wait 4m", "restart sorter", "wait 4m" }, harm = "nothing",
      used = herd,
      says = [[Each scan wanted a connection, and a new one is 100 ms of work for the leader: 16 a second are more than it
        has. Each gave up after 3 s, unserved, and asked again. The leader worked all the time, for nobody.]] },
    { "More sorters", { "replica resume parcels-db", "db failover parcels-db", "wait 4m", "scale sorter 9", "wait 4m" },
      harm = "partial", used = function(s) return s:param("sorter.instances") > SORTERS end,
      says = "Three new instances asked anew, and work. Six old ones hang as before, and get two thirds of the scans." },
    { "Back to the old server as soon as it is there",
      { "replica resume parcels-db", "db failover parcels-db", "wait 4m", "restart sorter --rolling", "wait 20m",
        "replica rebuild parcels-db", "wait 5m", "db failover parcels-db parcels-db", "wait 5m" },
      harm = "returns", used = function(s) return s:database("parcels-db").failovers_total > 1 end,
      says = "All connections ended at once, and each sorter went back to the address that it knew: a server that is read-only now." },
    { "Bigger pools", { "set sorter.pool.size 40", "wait 3m" }, harm = "nothing",
      says = "More connections to a machine that is not there." },
    { "Take back the new version", { "rollback sorter", "wait 4m" }, harm = "nothing",
      says = "It had been out for minutes when the belts stopped. A roll-back is also a restart: the sorters asked, and heard the old address." },
  },

  prevention = {
    { "An alert on parcels a minute", right = true, effort = "an hour",
      alert = threshold { "few parcels", of = "parcels_sorted", metric = "total", below = 0.3, hold = sec(40) },
      reply = "Yes. It calls after a minute; Hanne called after seven." },
    { "A rehearsed failover: who decides, by which number, who is told, in which order", right = true, effort = "a day each quarter",
      reply = "Yes. At 2 a.m. nobody invents the right order. An alert on parcels a minute helps, too." },
    { "A failover that decides by itself, after a minute", effort = "one line",
      with = { set("parcels-db.auto_failover", min(1)) },
      reply = "Tonight it would have led from the server that lacked the most, and the sorters would not have noticed." },
    { "Larger pools", effort = "one line", with = { set("sorter.pool.size", 80) },
      reply = "More connections to the same machine." },
  },

  debrief = [[
    The machine of parcels-db lost its power. A process that dies says so: its connections are closed. A machine that
    is gone says nothing. Whoever was connected went on waiting, and whoever connected waited, too: each scan for seconds, until its belt gave up.

    Two replicas were there. LAG said {cut_lag} for one and {far_lag} for the other when Hanne called. But lag is the age of
    what is not applied. The second had paused its replay for a report and still received every write. The first applied all
    that it got, and got nothing since its line was cut. The number that decides what is lost is how far the log on
    the disk goes, and it was in another column.

    A new leader alone moved no parcel. The connections led to the old machine, and the address was believed for an
    hour. When all come at once, the leader pays for each new connection, and those who give up ask again: the herd.

    And then it is over for this night. Moving the lead back is the same outage once more, for a system that works.

    What would have helped: an alert on what the hub lives from, two copies that are both known to receive, and a
    failover that was done once by daylight.
  ]],
  sums = {
    "{scans} scans a second x 20,000 bytes = {log} kB/s of log.",
    "One was paused for {paused} when the machine went: {paused_s} s x {log} kB = {behind} MB. At 3 MB/s it takes {behind} / 3 = {apply} s to apply, and 10 s to promote.",
    "The other was cut off for {cut_off}: {cut_s} s x {scans} = {only} answered scans that were on the first and on the lost machine alone.",
    "Little's law: {scans} scans a second x 14 ms = {in_use} connections in use. The pools allow 6 x 20 = 120.",
    "The herd: {scans} new connections a second x 100 ms of work = {herd} cores. The leader has one.",
    "One sorter at a time: {scans} / 6 = {one} a second; {one} x 100 ms = {one_cores} cores.",
  },
  real = {
    { "GitHub, 5 September 2023: a primary's host failed in part, automatic failover did not see it, people failed over after 17 minutes",
      "https://github.blog/2023-10-11-github-availability-report-september-2023/" },
  },
  glossary = {
    ["leader"] = "The server of a database that takes writes; also called primary.",
    ["received"] = "How far the log on a server's own disk goes, applied or not.",
    ["fail over"] = "To make another server the leader, since the one there is gone.",
    ["fencing"] = "Making sure that the old leader takes no more writes.",
    ["herd"] = "Many callers that do the same thing in the same moment.",
  },
}
