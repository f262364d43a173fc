"""Surges: too many similar complaints in too short a time, found in all cases, and begun upon once.

window      which moments a surge lasts, from the times at which complaints became similar; pure
reading     those times from history, and from facts of the time before a policy had surges
watching    looking after each commit and now and then, and beginning the policy's process
"""

from complaintflow.surge.window import Run, Span, runs

__all__ = ["Run", "Span", "runs"]
