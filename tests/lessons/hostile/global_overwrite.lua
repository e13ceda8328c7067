-- expect 2: is global
ms = function() return 1 end
