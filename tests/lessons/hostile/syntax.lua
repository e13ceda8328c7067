-- expect 2: near
return lesson { id = }
