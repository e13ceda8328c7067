-- expect 2: error takes a message
error(function() end)
