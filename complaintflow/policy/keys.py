"""The keys of a policy file, in the words of its messages."""

from __future__ import annotations

from typing import Final

# What an entry is about, if not its `value`.
VALUE_KEY: Final = {
    "deadlines": "within", "repeats": "every", "roles": "group", "retention": "keep", "openings": "hours",
    "access": "roles", "sealed": "roles", "recusals": "person", "separations": "tasks", "fallbacks": "role",
    "receipts": "enabled", "attachments": "types", "figures": "smallest", "surges": "within",
}  # fmt: skip

# Those of [policy] that make its calendar.
CALENDAR_KEYS: Final = (
    "country", "subdivision", "zone", "hours", "weekend", "extra_days_off", "extra_working_days", "confirmed_years",
)  # fmt: skip

# What may stand behind a key, by "section.key" or by key, as a message says it.
ALLOWED: Final = {
    "within": 'an interval, as "3 working days", "4 hours" or "2 months"',
    "every": 'an interval, as "7 days"',
    "keep": 'an interval, as "3 years"',
    "clause": 'a clause id, as "RET-3.b", or a list of them',
    "from": '"document" or "default"',
    "why": "a sentence",
    "label": '{ en = "...", zh = "..." }',
    "ends": '"close of day" or "exact"',
    "roll": "true or false",
    "pauses_in": 'a list of element ids, as ["ask-complainant"]',
    "inside": "the name of another deadline",
    "promise": "true or false",
    "facts.value": 'a FEEL expression, as "satisfaction"',
    "kind": '"category", "number", "boolean", "person" or "money"',
    "smallest": "a whole number, 1 or more",
    "feedback": 'a list of deadlines, as ["answer"]',
    "persons": 'a list of facts, as ["handler"]',
    "review": 'the id of a policy, as "hr-quarterly-review"',
    "surges.within": 'a length of time in minutes, hours, days or weeks, as "24 hours"',
    "of": 'a list of facts, as ["type", "department"]',
    "more_than": "a whole number, 1 or more",
    "starts": 'the id of a process, as "hr-emergency"',
    "times": "a whole number, 1 or more",
    "group": 'the name of a group, as "store-manager"',
    "bounds.value": "a whole number, 0 or more",
    "amounts.value": 'a number, as "500.00"',
    "texts.value": "a text in quotes",
    "lists.value": 'a list of texts, as ["a", "b"]',
    "switches.value": "true or false",
    "roles": 'a list of roles of this policy, as ["office"]',
    "role": 'a role of this policy, as "leadership"',
    "person": 'a FEEL expression, as "persons.name"',
    "recusals.group": 'a FEEL expression, as "policy.roles.office"',
    "apart_from": 'a list of element ids, as ["review"]',
    "tasks": 'a list of element ids, as ["investigate", "review"]',
    "enabled": "true or false",
    "messages": 'a table of messages and their variables, as { appeal = ["grounds"] }',
    "files": 'a table of messages and the variables that name a file, as { more-evidence = "material" }',
    "answers": 'a table of messages and the variables with their questions, as { reporter-answer = "question" }',
    "receipts.tasks": 'a table of tasks and what is filled in, as { ask-why = { asked_by = "questionnaire" } }',
    "steps": 'a list of element ids, as ["call-registration", "tell-result"]',
    "promises": 'a list of deadlines, as ["feedback"]',
    "file_megabytes": "a whole number, 1 or more",
    "case_megabytes": "a whole number, 1 or more",
    "types": 'a list of content types, as ["application/pdf", "image/*"]',
    "hours": 'a table of opening times, as hours.mon-fri = ["09:00", "18:00"]',
    "weekend": 'a list of weekdays, as ["sat", "sun"]',
    "extra_days_off": "a list of dates, as [2027-02-11]",
    "extra_working_days": "a list of dates, as [2027-02-06]",
    "confirmed_years": "a list of years, as [2027]",
    "dropped_marks": 'a table of marks and reasons, as { "tell-ruling.commits" = "why" }',
}
