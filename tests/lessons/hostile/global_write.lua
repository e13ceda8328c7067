-- expect 2: is global
x = 1
