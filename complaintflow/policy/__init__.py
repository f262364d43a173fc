"""policy.toml: what a written policy leaves to the organisation.

format      one class for each kind of entry
keys        what may stand behind which key, in words
plain       a file that is plainly right, read without pydantic
policy      the file as a whole, and what a nearer layer replaces of it
"""
