-- A lesson to play, and one that a test writes, badly.
return course {
  { track = "start", "small-shop" },
  { track = "more", "spoilt" },
}
