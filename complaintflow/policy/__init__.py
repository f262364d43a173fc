"""policy.toml: what a written policy leaves to the organisation.

format      one class for each kind of entry
keys        what may stand behind which key, in words
layering    files upon each other, and what is wrong with one
plain       a file that is plainly right, read without pydantic
policy      the file as a whole, and what a nearer layer replaces of it
"""
