"""One case, and one step of it: (case, command) -> case', effects. No I/O.

live        the case while a command is applied, and the change that comes of it
commands    what can be done to a case
host        what expressions may ask of the case around them; permit what the rules of access need of it
deadlines   promises watched and clocks paused
correcting  open tasks changed; handover moves them between people
attaching   files, within limits; receipts and anonymity for who gives no name; accesses, who looked
large       values that have a row of their own
"""
