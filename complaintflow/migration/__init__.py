"""Running cases are moved to another version of their definition.

    mapping      what an id of the old diagrams is called in the new ones
    positions    may a token stand where it would stand: kind, scope, loop, event, joins, what can be undone
    ahead        what the new way reads, and the case lacks
    moving       one case: its marking, book and rows under the new definition
    batch        all cases of a process: rehearsed, or moved one transaction each

Everything is decided on the case as it is, by moving it in memory: a rehearsal is a migration that is not written down.
"""
