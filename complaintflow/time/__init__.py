"""What time it is, and what a policy's words about time come to.

clock       the only file that reads the clock of the machine
interval    "3 working days" as a policy file writes it
openings    opening hours by weekday, countries the days off of a country
calendar    all of it together: when a deadline ends, and what is left of one
cron        the six fields of a timer's cycle
"""
