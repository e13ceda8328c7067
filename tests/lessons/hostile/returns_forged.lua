-- expect 0: must be text|lacks
return { ["@is"] = "lesson", ["@line"] = 3 }
