-- Knight Capital, 1 August 2012: new code went to seven of eight routers, and a flag that meant
-- something else in the old code was switched on. The eighth sent orders without end: 212 parent
-- orders became 4 million executions in 45 minutes, and 460 million dollars of loss. Then the
-- new code was taken off the seven, where it was right, and they did the same.
-- (SEC, Release No. 70694, 16 October 2013, paragraphs 14 to 18 and 27)
--
-- 1,696 parent orders, so that an eighth are 212. A hundred executions for each here; there were
-- 19,000. Agrees: 212 in 45 minutes; without the new code eight times as many.
return lab { "Knight Capital, 1 August 2012", warm_up = sec(1), ends_at = min(80),
  world = function(w)
    w:flag { "rlp" }
    for _, name in ipairs { "smars", "undone" } do
      w:counter { name .. "-orders" }
      w:counter { name .. "-parents" }
      w:counter { name .. "-executions" }
      w:service { name, instances = 8, workers = 64, cores = 8, drain = 0, start_up = ms(1),
        versions = {
          { "power-peg", order = { when_flag("rlp",
              { count(name .. "-parents"), count(name .. "-executions"), fan_out(100, { count(name .. "-executions") }) },
              { count(name .. "-executions") }) } },
          { "rlp", order = { count(name .. "-executions") } } } }
      w:client { "retail-" .. name, to = name .. "/order", rate = 212 * 8 / (45 * 60), arrivals = "even" }
    end
  end,
  incident = function(i)
    for _, name in ipairs { "smars", "undone" } do
      i:at(sec(10), op(name, "canary", { version = "rlp", share = 7 / 8 }))
    end
    i:at(min(10), flag("rlp", true))
    i:at(min(30), op("undone", "abort"))
    i:at(min(55), flag("rlp", false))
  end,
}
