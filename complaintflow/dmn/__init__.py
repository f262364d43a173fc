"""DMN: decision tables, boxed expressions and requirement graphs (OMG DMN 1.1 to 1.5).

    model = DecisionModel.load("priority.dmn")
    model.evaluate("priority", {"amount": 1200})      # "high"

Reading order: `source` and `parse` turn XML into the records of `tree`; `graph` links them and lets `boxed`, `table`
and `hits` compile the logic; `session` makes decisions; `decision` is the door.
"""

from complaintflow.dmn.decision import DecisionModel
from complaintflow.dmn.imports import Resolver
from complaintflow.dmn.run import Fired
from complaintflow.dmn.tree import Item, Rule

__all__ = ["DecisionModel", "Fired", "Item", "Resolver", "Rule"]
