-- expect 2: string has no 'dump'
local f = ("").dump
