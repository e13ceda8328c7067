-- expect 2: attempt to index
("").upper = 1
