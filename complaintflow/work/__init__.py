"""Use cases around a store: load, step, save, commit once; and what workers do after the commit.

work        one command on one case; fresh, again from the start when somebody was faster
beginning   messages and signals; schedule, cases that the clock starts
worker      due timers and ready jobs, one after the other; dispatch runs one of them
notify      the handler of notices; spawning that of cases begun by cases
rewriting   steps that need all rows of a case: suspension is one
"""
