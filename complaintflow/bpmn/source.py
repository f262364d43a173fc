"""A diagram as it is read: parsed, held against what may stand in it, and translated where it is Camunda 7's.

source = read(bytes, "claim.bpmn")
source.root            says everything in Camunda 8's dialect
source.problems        everything that would not run as it is drawn
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from lxml import etree

from complaintflow.bpmn import allowed, camunda7, correlation, xml
from complaintflow.errors import InvalidDiagram
from complaintflow.records import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """One file.

    Attributes:
        file: its name.
        root: its root element.
        problems: what may not stand there or cannot be translated, in the order of the file.
    """

    file: str
    root: etree._Element
    problems: tuple[InvalidDiagram, ...]

    @property
    def refused(self) -> frozenset[str]:
        """The ids of the elements that the problems are about."""
        return _concerned(self.problems)


def _concerned(problems: Iterable[InvalidDiagram]) -> frozenset[str]:
    return frozenset(problem.where.rpartition("element ")[2] for problem in problems)


# Whoever gathers, compiles or checks a bundle looks at each file; nobody changes the tree.
@lru_cache(maxsize=16)
def read(source: bytes, file: str) -> Source:
    """Read one file; what is wrong with its content is in ``problems``.

    Raises:
        InvalidDiagram: it is no XML that we read.
    """
    root = xml.read(source, file)
    camunda7.adopt(root)
    problems = [*allowed.problems(root, file)]
    # What is not BPMN at all has nothing to translate.
    if root.tag == xml.bpmn("definitions"):
        known = correlation.stated(root)
        if camunda7.is_translated(root):
            from complaintflow.bpmn.camunda7.translating import translate  # a tenth of the start, for who has none

            problems += translate(root, file, _concerned(problems))
        problems += correlation.settle(root, file, known)
    return Source(file, root, tuple(problems))
