-- expect 2: attempt to compare
table.sort({ 1, "a", {} })
