# shellcheck shell=sh
# course: the lessons of the course, one a line, in its order.
course() {
    grep -oE '[{] *"[a-z0-9-]+"' lessons/course.lua | grep -oE '[a-z0-9-]+'
}
