-- A lesson to play, and one that a test writes, badly.
return course {
  { track = "start", "first-page" },
  { track = "more", "spoilt" },
}
