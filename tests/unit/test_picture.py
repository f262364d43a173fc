"""A case on its diagram."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from complaintflow.errors import UnknownProcess
from complaintflow.picture import draw
from complaintflow.testing import Workbench

ROOT = Path(__file__).resolve().parents[2]
DIAGRAMS = sorted(ROOT.glob("processes/*/*.bpmn"))
LATE, ACTIVE, VISITED = "#b3261e", "#0b57b7", "#2f6f4f"


def group(svg: str, element: str) -> str:
    """The SVG of one element."""
    root = etree.fromstring(svg.encode())
    found = root.xpath(f'//*[@data-element="{element}"]')
    assert len(found) == 1
    return etree.tostring(found[0], encoding="unicode")


@pytest.mark.parametrize("path", DIAGRAMS, ids=lambda path: path.stem)
def test_every_shipped_diagram_can_be_drawn(path: Path) -> None:
    """Each shape and each label of the file is in the picture, which is well-formed SVG."""
    svg = str(draw(path.read_bytes(), file=path.name))
    drawn = {node.get("data-element") for node in etree.fromstring(svg.encode()).iter() if node.get("data-element")}
    source = etree.fromstring(path.read_bytes())
    shapes = {
        shape.get("bpmnElement")
        for shape in source.iter("{http://www.omg.org/spec/BPMN/20100524/DI}BPMNShape")
        if etree.QName(_element(source, str(shape.get("bpmnElement")))).localname not in ("participant", "lane")
    }
    assert drawn == shapes


def _element(root: etree._Element, name: str) -> etree._Element:
    return next(node for node in root.iter() if isinstance(node.tag, str) and node.get("id") == name)


def test_a_case_shows_where_it_stands_and_which_way_it_came(workbench: Workbench) -> None:
    """Visited, active and late elements have their own colours, and the active ones say until when."""
    case = workbench.start("customer", channel="web", content="The soup was cold.")
    case = workbench.complete(case, "investigate", {"justified": True, "cause": "food"})
    svg = case.diagram()._repr_svg_()
    assert VISITED in group(svg, "investigate")
    assert ACTIVE in group(svg, "propose")
    assert "03-05" in group(svg, "propose")
    assert VISITED not in group(svg, "rule")
    assert VISITED not in group(svg, "reply-overdue"), "an attached event that has not happened was not visited"
    workbench.advance(working_days=4)
    late = workbench.case(case.id).diagram()._repr_svg_()
    assert LATE in group(late, "propose")
    assert VISITED in group(late, "reply-overdue")


def test_labels_come_in_chinese(workbench: Workbench) -> None:
    """The picture speaks the language that is asked for."""
    case = workbench.start("customer", channel="web", content="The soup was cold.")
    assert "调查" in group(str(case.diagram(language="zh")), "investigate")


def test_text_in_a_diagram_cannot_become_markup(tmp_path: Path) -> None:
    """A label with angle brackets is shown as it was written."""
    source = DIAGRAMS[0].read_text(encoding="utf-8").replace('name="Investigate complaint"', 'name="&lt;script&gt;x"')
    assert "<script" not in str(draw(source.encode()))


def test_a_process_that_is_not_called_is_refused(workbench: Workbench) -> None:
    """Only processes of the case's own definition can be drawn."""
    case = workbench.start("customer", channel="web", content="The soup was cold.")
    with pytest.raises(UnknownProcess):
        case.diagram("nothing")
