-- expect 3: non-closable
do
  local x <close> = {}
end
