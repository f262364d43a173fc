"""A diagram as it is read: parsed, held against what may stand in it, and translated where it is Camunda 7's.

source = read(bytes, "claim.bpmn")
source.root            says everything in Camunda 8's dialect
source.problems        everything that would not run as it is drawn
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property, lru_cache

from lxml import etree

from complaintflow.bpmn import camunda7, correlation, xml
from complaintflow.errors import InvalidDiagram


class Source:
    """One file.

    Attributes:
        file: its name.
        root: its root element.
    """

    def __init__(self, file: str, root: etree._Element, problems: Iterable[InvalidDiagram] | None) -> None:
        self.file = file
        self.root = root
        self._problems = problems

    @cached_property
    def problems(self) -> tuple[InvalidDiagram, ...]:
        """What may not stand there or cannot be translated, in the order of the file.

        Where nothing was written into the tree it is looked through when somebody asks: what we ship is only asked
        for the names in it, and was looked through when it was packed.
        """
        return tuple(_refused(self.root, self.file) if self._problems is None else self._problems)

    @property
    def refused(self) -> frozenset[str]:
        """The ids of the elements that the problems are about."""
        return _concerned(self.problems)


def _refused(root: etree._Element, file: str) -> Iterable[InvalidDiagram]:
    from complaintflow.bpmn.allowed import problems  # three vocabularies, which what we ship was held against before

    return problems(root, file)


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
    translated = camunda7.is_translated(root)
    # What is not BPMN at all has nothing to translate.
    if root.tag != xml.bpmn("definitions") or not (translated or correlation.is_written(root)):
        return Source(file, root, None)
    problems = [*_refused(root, file)]
    known = correlation.stated(root)
    if translated:
        from complaintflow.bpmn.camunda7.translating import translate  # a tenth of the start, for who has none

        problems += translate(root, file, _concerned(problems))
    problems += correlation.settle(root, file, known)
    return Source(file, root, problems)
