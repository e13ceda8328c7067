-- Stack Exchange, 20 July 2016: a post with 20,000 blanks got into the list of the home page. A
-- regular expression went through them 199,990,000 times for each view of it; the balancer's
-- health check was that page, and took every server out. 34 minutes in which nothing worked; "we
-- believe everything but the home page would have been accessible if it wasn't for the health
-- check". (stackstatus.net/post/147710624694/outage-postmortem-july-20-2016)
--
-- 1.5 s for the page, which is longer than the check waits. Agrees, both: all fails for 34
-- minutes with the check, and without it only the home page.
return lab { "Stack Exchange, 20 July 2016", warm_up = sec(1), ends_at = min(60),
  world = function(w)
    w:flag { "post" }
    for name, checks in pairs { checked = "endpoint", unchecked = "own_thread" } do
      local web, lb = "web-" .. name, "lb-" .. name
      w:service { web, instances = 9, workers = 64, cores = 8, readiness = checks, probe_endpoint = "home",
        endpoints = { home = { when_flag("post", { compute(sec(1.5)) }, { compute(ms(5)) }) },
                      question = { compute(ms(5)) } } }
      w:balancer { lb, to = web, probe = "readiness" }
      w:client { "home-" .. name, to = lb .. "/home", rate = 10, gives_up = sec(1) }
      w:client { "question-" .. name, to = lb .. "/question", rate = 100, gives_up = sec(1) }
    end
  end,
  incident = function(i)
    i:at(min(10), flag("post", true))
    i:at(min(44), flag("post", false))
  end,
}
