-- The map of the course: the words of the series, the question under each, the lessons in
-- the order in which they build on each other, and why each stands where it stands.
return course {
  { track = "start", asks = "What does somebody do who is paged?",
    { "first-page", why = "It takes six minutes and shows everything that the others need." } },
  { track = "fail", asks = "How does a system break while its lights are green?",
    { "all-green", why = "You can read a page now. This one comes from a system whose checks all pass." },
    { "cache-stampede", why = "A pool ran dry slowly. Here everything is well, and for seconds at a time nothing is." },
    { "the-quiet-import", why = "So far something rang. Here nothing does." } },
  { track = "recover", asks = "Why does it not come back by itself?",
    { "the-order-that-vanished", why = "The import passed rows over. Here nothing may be passed over, and one event stops a line." },
    { "two-am", why = "You have found causes. Here the cause is plain, and each way back costs something." },
    { "the-storm-after", why = "Two a.m. ended when the servers were back. This one goes on when its cause is gone." },
    { "nobody-is-watching", why = "Systems came back by themselves, or with help. What is deleted does only if somebody saw to it before." } },
  { track = "scale", asks = "When does more of it make it worse?",
    { "eleven-forty-seven", why = "You know what waits behind a database. Now the remedy that everybody reaches for is the illness." },
    { "ten-thousand", why = "There too much was at work at once. Here too little is, and a sum says how much would do." } },
  { track = "good", asks = "Is this actually good?",
    { "is-it-good", why = "Each of the others was one fault on one night. Here you choose before you know which will come." } },
}
