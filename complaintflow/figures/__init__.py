"""What the organisation learns from its cases: figures with one exact definition each.

registry     every figure: what is counted, over what, in which unit
period       quarters, months and years in the organisation's zone
computing    a policy's figures for a time, counted by the store
suppression  counts so small that they tell of somebody
table        what callers hold: plain data, CSV, a workbook, pandas
jobs         job types that need no handler: figures, sample, case-summary
"""

from __future__ import annotations

from complaintflow.figures.period import Period
from complaintflow.figures.registry import REGISTRY, Definition
from complaintflow.figures.table import Figure, Figures

__all__ = ["REGISTRY", "Definition", "Figure", "Figures", "Period"]
