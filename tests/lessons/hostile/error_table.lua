-- expect 2: error takes a message
error({ code = 1 })
