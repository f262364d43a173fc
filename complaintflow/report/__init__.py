"""The report that people look at: what happened against what a policy promises, in one file.

    gathering   the figures it is made of, all from ``complaintflow.figures``
    hiding      tables of one page laid side by side must not tell what each of them hides
    heat        where cases wait, where promises break, which ways they go
    findings    sentences that follow from the figures, and the questions that follow from those
    reviews     what people made of the figures of that time: counted always, in words where they released them
    words       everything that is said, in both languages; ``naming`` what the policy's values are called
    charts      matplotlib's pictures; ``complaintflow.picture.heat`` draws the diagrams
    page        one HTML file without scripts, and the same as PDF

Every number is a figure's or counted beside it from the same plain columns; only the heat opens entries of the history,
for the elements and flows a case went through, and nothing else of them is read. Of reviews one variable is read.
"""

from __future__ import annotations

from complaintflow.report.building import FORMS, Form, Order, Report, build, ready
from complaintflow.report.heat import CASES

__all__ = ["CASES", "FORMS", "Form", "Order", "Report", "build", "ready"]
