-- expect 2: ?[2J? gone wild
error("\27[2J\r\ngone wild")
