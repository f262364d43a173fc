"""Loop markers: multi-instance in Camunda 8's words and in BPMN's own, and the standard loop."""

from __future__ import annotations

from lxml import etree

from complaintflow.bpmn import constants
from complaintflow.bpmn.event_reader import EventReader
from complaintflow.bpmn.loops import Loop, StandardLoop
from complaintflow.bpmn.xml import bpmn, ours, reference, zeebe
from complaintflow.errors import InvalidDiagram


class LoopReader(EventReader):
    """Reads the loop marker of an activity."""

    def multiple(self, element: etree._Element) -> Loop:
        """A multi-instance marker.

        Raises:
            InvalidDiagram: it does not say over what.
        """
        inner = element.find(f"{bpmn('extensionElements')}/{zeebe('loopCharacteristics')}")
        collection = self.formula(inner, "inputCollection", constants.LIST)
        number = (element.findtext(bpmn("loopCardinality")) or "").strip()
        named = self._item(element, "loopDataInputRef")
        if sum((collection is not None, bool(number), named is not None)) != 1:
            raise self.missing("input collection", "set the multi-instance input collection, e.g. =measures")
        if named is not None:
            return self._of_items(element, named)
        completion = (element.findtext(bpmn("completionCondition")) or "").strip()
        own = inner if inner is not None else element
        return Loop(
            sequential=element.get("isSequential") == "true",
            first=int(own.get(ours("first")) or 1),
            collection=collection or self.compiled(number, constants.ROUNDS, "loop cardinality", feel_only=True),
            counts=collection is None,
            element=self.variable(own, "inputElement", optional=True),
            output_collection=self.variable(own, "outputCollection", optional=True),
            output_element=self.formula(own, "outputElement"),
            completion=self.compiled(completion, constants.CONDITION, "completion condition", feel_only=True)
            if completion
            else None,
        )

    def _item(self, element: etree._Element, tag: str) -> str | None:
        """The variable that an item of BPMN's own data is; None where the tag is absent."""
        ref = reference(element.findtext(bpmn(tag)))
        if ref is None:
            return None
        name: str | None = self.process_parser.parser.items.get(ref)
        if name is None:
            raise InvalidDiagram(
                f"the loop of '{self.label}' names '{ref}', which is no data with the name of a variable",
                where=self.where,
                advice="set the multi-instance input collection (zeebe:loopCharacteristics) instead",
            )
        return name

    def _of_items(self, element: etree._Element, collection: str) -> Loop:
        """A loop over BPMN's own data."""
        item, left = element.find(bpmn("inputDataItem")), element.find(bpmn("outputDataItem"))
        output = (left.get("name") or "").strip() if left is not None else ""
        completion = (element.findtext(bpmn("completionCondition")) or "").strip()
        return Loop(
            sequential=element.get("isSequential") == "true",
            collection=self.compiled(collection, feel_only=True),
            element=self.variable(item, "name", optional=True) if item is not None else None,
            output_collection=self._item(element, "loopDataOutputRef"),
            output_element=self.compiled(output, feel_only=True) if output else None,
            completion=self.compiled(completion, constants.CONDITION, "completion condition", feel_only=True)
            if completion
            else None,
        )

    def standard(self, element: etree._Element) -> StandardLoop:
        """A standard loop marker.

        Raises:
            InvalidDiagram: it does not say how long.
        """
        condition = (element.findtext(bpmn("loopCondition")) or "").strip()
        maximum = (element.get("loopMaximum") or "").strip()
        if not condition and not maximum:
            raise self.missing("loop condition", "write when it goes on, e.g. =not(agreed), or how often at most")
        if maximum and not (maximum.isdigit() and int(maximum) > 0):
            raise InvalidDiagram(
                f"the loop of '{self.label}' has the maximum '{maximum}'",
                where=self.where,
                advice="write a whole number above 0",
            )
        return StandardLoop(
            condition=self.compiled(condition, constants.CONDITION, "loop condition", feel_only=True)
            if condition
            else None,
            test_before=element.get("testBefore") == "true",
            maximum=int(maximum) if maximum else None,
        )
