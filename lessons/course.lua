-- The order of the lessons.
return course {
  { track = "start", "first-page" },
  { track = "fail", "all-green", "cache-stampede", "the-quiet-import" },
  { track = "recover", "two-am" },
  { track = "scale", "eleven-forty-seven" },
  { track = "good", "is-it-good" },
}
