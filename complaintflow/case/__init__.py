"""One case, and one step of it: (case, command) -> case', effects. No I/O.

live        the case while a command is applied, and writing, what comes of it; status and places, how rows name them
commands    what people do to a case; events and jobs, what waiting and working bring
host        what expressions may ask of the case around them; permit what the rules of access need of it
deadlines   promises watched and clocks paused
correcting  open tasks changed; handover moves them between people
attaching   files, within limits; receipts and anonymity for who gives no name; accesses, who looked
large       values that have a row of their own
"""
