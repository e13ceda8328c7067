-- expect 0: no visible label
do goto nowhere end
