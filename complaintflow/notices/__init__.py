"""What the organisation tells the people of a case.

notices     the files and ports: which notice, to whom, handed to which notifier
channels    by which way a person is told
template    what a template may say, rendered in bounded time, with filters for values in the reader's language
layout      one line of subject, tidy text, a modest HTML page
"""
