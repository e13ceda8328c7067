-- expect 2: gone wild
error("\27[2J\r\ngone wild")
