"""An organisation's own variant: a layer with one number and one letter, and everything else as shipped.

    python examples/06_own_layer.py

`complaintflow init my-company --from wedding-client` writes such a folder to start from; `complaintflow --layer
my-company check wedding-client` says which part comes from where.
"""

import tempfile
from pathlib import Path

from complaintflow import Engine

PAYLOAD = {
    "channel": "phone",
    "content": "The flowers were the wrong colour.",
    "reporter": {"name": "Zhao Min", "email": "zhao.min@example.com", "preferred_channel": "email"},
    "order_number": "W-17",
}

layer = Path(tempfile.mkdtemp()) / "my-company"
home = layer / "processes" / "wedding-client"
(home / "notices").mkdir(parents=True)
(home / "policy.toml").write_text('[deadlines.gather_staff]\nwithin = "2 hours"\n', encoding="utf-8")
(home / "notices" / "acknowledgement.en.j2").write_text(
    "Subject: We are on it\n\nDear {{ recipient.person }},\n\nmy company has heard you.\n", encoding="utf-8"
)


def first_steps(layers: list[Path]) -> tuple[str, float]:
    """The subject of the first letter, and the hours that the department head has to gather the staff."""
    with Engine("sqlite://", layers=layers) as engine:
        case = engine.start("wedding-client", PAYLOAD)
        case = case.complete("register", {"summary": "Wrong flowers", "category": "styling"}, actor="reception")
        gather = case.task("gather")
        hours = (gather.due_at - gather.created_at).total_seconds() / 3600
        return engine.notices(case.id)[0].subject, hours


print("as shipped:", first_steps([]))
print("my company:", first_steps([layer]))
