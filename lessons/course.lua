-- The order of the lessons.
return course {
  { track = "start", "first-page" },
  { track = "fail", "all-green", "cache-stampede" },
  { track = "recover", "two-am" },
  { track = "scale", "eleven-forty-seven" },
}
