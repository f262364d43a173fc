"""What happened, written so that it can be proved and counted.

chain       entries chained by hash
facts       what a policy wants counted, in the plain
promises    when each deadline was given, moved, kept or broken
similar     the groups that surges are counted in
"""
