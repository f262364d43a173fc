"""Start a case of a shipped process, complete its first task, and look at what happens next.

python examples/01_run_process.py
"""

from complaintflow import run_process

case = run_process(
    "customer",
    {
        "channel": "phone",
        "reporter": {"name": "Zhao Min", "phone": "555-0100"},
        "content": "The soup arrived cold, twice.",
    },
)
print(case.id, case.status)
for task in case.tasks:
    if task.due_at is not None:  # moments are in UTC; the policy counts its days in its own zone
        due = task.due_at.astimezone(case.zone)
        print(f"  {task.name}: {', '.join(task.groups)}, before {due:%Y-%m-%d %H:%M} ({case.zone})")

case = case.complete("investigate", {"justified": True, "cause": "food"}, actor="li.wei")
print([task.element for task in case.tasks])

for event in case.history():
    print(f"  {event.at.astimezone(case.zone):%H:%M:%S}  {event.event:16} {event.name or ''}")
