"""Plain Python functions that do the jobs of a process.

registry    which function is for which job, and how its arguments are found
answers     what it may return in place of variables
"""
