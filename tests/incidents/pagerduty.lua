return lab { "PagerDuty, 28 August 2025: a producer for each request", warm_up = sec(1), ends_at = min(30),
  world = function(w)
    for name, each in pairs { shared = 0, each = 1 } do
      local kafka, api = "kafka-" .. name, "api-" .. name
      w:broker { kafka, memory = 2000, when_full = "block", max_block = sec(60), connection_memory = 16, topics = { usage = { message_bytes = 500, retention = hours(1), subscription = { to = "sink-" .. name .. "/take" } } } }
      w:service { "sink-" .. name, workers = 64, endpoints = { take = { sleep(ms(1)) } } }
      w:service { api, workers = 5000, cores = 32, calls = { [kafka] = { keep_alive = each, idle_timeout = hours(1) } },
        endpoints = { event = { publish(kafka .. ".usage") } } }
      w:client { "events-" .. name, to = api .. "/event", rate = 1167, gives_up = sec(30) }
    end
  end,
}
