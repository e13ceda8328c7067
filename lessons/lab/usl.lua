-- A database past its peak: more connections, less work done.
--
-- Real databases do not just stop getting faster: beyond some concurrency they get
-- slower, since sessions wait for the same latches (contention, alpha) and have to agree
-- about what each wrote (coherency, beta). The Universal Scalability Law (Gunther) says:
--
--   throughput with n at work = n / (1 + alpha (n - 1) + beta n (n - 1)) x that of one
--
-- With alpha = 2 % and beta = 0.05 % the peak is at n = sqrt((1 - alpha) / beta) = 44, and
-- with statements of 10 ms it does 1,568 a second there. With 10 connections it does 816,
-- with 200 only 804: twenty times the connections, no more work done.
--
-- Five services want 2,000 statements a second, more than there is. They differ in how
-- many they let at the database at once.
--
-- Look at: good/s of the users, and where the slow ones wait. A connection is also held
-- while the answer travels, so that fewer statements are at work than there are
-- connections: a little below the formula up to the peak, a little above it beyond.

local sizes = { 5, 10, 44, 100, 200 }

return lab { "a database past its peak", ends_at = min(2),

  world = function(w)
    for _, n in ipairs(sizes) do
      local db, app = "db-" .. n, "app-" .. n
      w:database { db, cores = 400, max_connections = 400, contention = 0.02, coherency = 0.0005,
        statements = { work = { cpu = exponential(ms(10)) } } }
      w:service { app, workers = 1000, queue = -1, pool = { to = db, size = n, acquire_timeout = sec(1) },
        endpoints = { go = { query(db, "work") } } }
      w:client { "users-" .. n, to = app .. "/go", rate = 2000 }
    end
  end,
}
