# shellcheck shell=sh
# course: the lessons of the course, one a line, in its order.
course() {
    grep '{ *track *=' lessons/course.lua | sed 's/track *= *"[^"]*"//' | grep -o '"[^"]*"' | tr -d '"'
}
