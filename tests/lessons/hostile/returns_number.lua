-- expect 0: must end with
return 42
