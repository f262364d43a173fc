"""One transaction for your own tables and for the complaint: both are there, or neither is.

python examples/04_host_transaction.py
"""

import tempfile
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from complaintflow import Engine

PAYLOAD = {"channel": "web", "content": "The parcel was opened.", "reporter": {"email": "zhao.min@example.com"}}

folder = Path(tempfile.mkdtemp())
url = f"sqlite:///{folder / 'shop.db'}"
complaints = Engine(url)
shop = create_engine(url)
with shop.begin() as connection:
    connection.execute(text("CREATE TABLE parcel (id INTEGER PRIMARY KEY, case_id TEXT)"))

with Session(shop) as session, session.begin():
    case = complaints.using(session).start("customer", PAYLOAD)
    session.execute(text("INSERT INTO parcel (case_id) VALUES (:case)"), {"case": case.id})
    print("before the commit:", len(complaints.cases()), "cases,", "nothing sent")

complaints.drain()  # or: a worker does, a moment later
print("after the commit:", len(complaints.cases()), "case,", [notice.name for notice in complaints.notices(case.id)])

try:
    with Session(shop) as session, session.begin():
        complaints.using(session).start("customer", PAYLOAD)
        raise RuntimeError("the host changed its mind")
except RuntimeError:
    print("after a rollback:", len(complaints.cases()), "case")
complaints.close()
