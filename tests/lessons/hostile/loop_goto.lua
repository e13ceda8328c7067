-- expect 3: takes too long
::continue::
goto continue
