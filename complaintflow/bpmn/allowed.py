"""What a diagram may contain. Everything else is refused with file, element and advice (D14).

The list is an allow-list: an element or attribute that is not here would be ignored by the engine,
and a designer who drew it would not be told. Pictures (``bpmndi``, colours) carry no behaviour.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from functools import partial
from typing import Final, TypeAlias

from lxml import etree

from complaintflow.bpmn import camunda7, camunda8, standard
from complaintflow.bpmn.camunda7 import STANDARD, vocabulary
from complaintflow.bpmn.xml import BPMN, CAMUNDA, MODELER, XSI, ZEEBE, bpmn, local, namespace, owner, uses
from complaintflow.errors import InvalidDiagram, UnsupportedElement

_PICTURES: Final = frozenset(
    {
        "http://www.omg.org/spec/BPMN/20100524/DI",
        "http://www.omg.org/spec/DD/20100524/DC",
        "http://www.omg.org/spec/DD/20100524/DI",
        "http://bpmn.io/schema/bpmn/biocolor/1.0",
        "http://www.omg.org/spec/BPMN/non-normative/color/1.0",
    }
)

_ELEMENTS: Final = {BPMN: standard.ELEMENTS, ZEEBE: camunda8.ELEMENTS, CAMUNDA: vocabulary.ELEMENTS}
_FIXED: Final = {BPMN: standard.FIXED, ZEEBE: camunda8.FIXED, CAMUNDA: vocabulary.FIXED}
_ADVICES: Final = {BPMN: standard.ADVICE, ZEEBE: camunda8.ADVICE, CAMUNDA: vocabulary.ADVICE}
Place: TypeAlias = Callable[[], str]
_PLACES: Final = {BPMN: standard.PLACES, ZEEBE: camunda8.PLACES, CAMUNDA: vocabulary.PLACES}
_PREFIXES: Final = {BPMN: "bpmn", ZEEBE: "zeebe", CAMUNDA: "camunda"}


def check(root: etree._Element, file: str) -> None:
    """Raises the first of ``problems``."""
    for problem in problems(root, file):
        raise problem


def problems(root: etree._Element, file: str) -> Iterator[InvalidDiagram]:
    """Walk the document once: an error for each thing that is not allowed, and for each id used twice.

    What stands inside a refused element is refused with it, and not listed.
    """
    if root.tag != f"{{{BPMN}}}definitions":
        yield UnsupportedElement(
            f"the root element is <{local(root)}>, not BPMN <definitions>",
            where=file,
            advice="save the diagram from Camunda Modeler",
        )
        return
    translated = camunda7.is_translated(root)
    both = uses(root, CAMUNDA) and uses(root, ZEEBE)
    ids: set[str] = set()
    todo = [root]
    while todo:
        element = todo.pop()
        if namespace(element) in _PICTURES:
            continue
        place = partial(_place, file, element)
        refused = _refused(element, place, translated)
        if refused is not None:
            yield refused
            continue
        yield from _attributes(element, place, translated)
        if both:
            yield from _mixed(element, place)
        element_id = element.get("id") if namespace(element) == BPMN else None
        if element_id in ids:
            yield InvalidDiagram(f"two elements have the id '{element_id}'", where=place(), advice="rename one of them")
        if element_id:
            ids.add(element_id)
        todo += [child for child in reversed(element) if isinstance(child.tag, str)]


def _place(file: str, element: etree._Element) -> str:
    """Told only where something is wrong."""
    return f"{file}, line {element.sourceline}, element {owner(element)}"


def _refused(element: etree._Element, place: Place, translated: bool) -> UnsupportedElement | None:
    """The error for the element itself, if it is not allowed where it stands."""
    space, tag = namespace(element), local(element)
    if space == MODELER:
        return None
    known = _ELEMENTS.get(space)
    if known is None:
        return UnsupportedElement(_foreign(space, tag), where=place(), advice="remove it, or draw what it does")
    if tag not in known or ((space, tag) == (BPMN, "script") and not translated):
        return UnsupportedElement(
            f"<{_PREFIXES[space]}:{tag}>{_of(element)} is not supported",
            where=place(),
            advice=_advice(space, tag, _near(tag, known) or "draw it with the elements listed in the documentation"),
        )
    return _misplaced(element, space, tag, place)


def _misplaced(element: etree._Element, space: str, tag: str, place: Place) -> UnsupportedElement | None:
    """An extension stands in the extension elements of what it extends; an input is mapped where something begins."""
    holder = element.getparent()
    if holder is not None and holder.tag == bpmn("extensionElements"):
        holder = holder.getparent()
    host = local(holder) if holder is not None else ""
    wrong = host not in _PLACES[space].get(tag, {host})
    if (space, tag) == (ZEEBE, "input"):
        event = next((one for one in element.iterancestors(bpmn("startEvent"), bpmn("boundaryEvent"))), None)
        if event is not None:
            wrong, host = True, local(event)
    if not wrong:
        return None
    return UnsupportedElement(
        f"<{_PREFIXES[space]}:{tag}>{_of(element)} means nothing at a <{host}>",
        where=place(),
        advice="remove it, or draw what it does",
    )


def _attributes(element: etree._Element, place: Place, translated: bool) -> Iterator[UnsupportedElement]:
    space, tag = namespace(element), local(element)
    if space == MODELER:
        return
    for key, text in element.attrib.items():
        value = str(text)
        said, _, attribute = str(key).rpartition("}")
        of = said[1:] or space
        if said and (of in (MODELER, XSI) or of in _PICTURES):
            continue
        if of not in _ELEMENTS:
            yield UnsupportedElement(_foreign(of, attribute), where=place(), advice="remove it, or draw what it does")
        elif not _is_known(space, of, tag, attribute) or ((tag, attribute) in STANDARD and not translated):
            yield UnsupportedElement(
                f"the attribute {attribute} of <{tag}>{_of(element)} is not supported",
                where=place(),
                advice=_advice(
                    of, attribute, _near(attribute, _ELEMENTS[space][tag]) or "remove it, or draw what it does"
                ),
            )
        elif value not in (fixed := _values(space, of, attribute) or {value}):
            yield UnsupportedElement(
                f'{attribute}="{value}" of <{tag}>{_of(element)} is not supported',
                where=place(),
                advice=_advice(of, f"{attribute}=", f"use {' or '.join(sorted(fixed))}"),
            )


def _values(space: str, of: str, attribute: str) -> frozenset[str]:
    """The only values an attribute may have; empty where it may have any."""
    if of == CAMUNDA and space == CAMUNDA:
        return frozenset()  # what is restricted stands at elements of BPMN
    return _FIXED[of].get(attribute, frozenset())


def _is_known(space: str, of: str, tag: str, attribute: str) -> bool:
    """Whether an attribute of one namespace may stand at an element of another, or of its own."""
    if of == space:
        return attribute in _ELEMENTS[space][tag] or (space == BPMN and attribute in ("id", "name"))
    if space != BPMN:
        return False
    return attribute in camunda8.ATTRIBUTES if of == ZEEBE else tag in vocabulary.ATTRIBUTES.get(attribute, ())


def _mixed(element: etree._Element, place: Place) -> Iterator[UnsupportedElement]:
    """An element speaks one dialect: with two, one of them would have to be read over."""
    if namespace(element) == BPMN and camunda7.speaks(element, ZEEBE) and camunda7.speaks(element, CAMUNDA):
        yield UnsupportedElement(
            f"'{element.get('name') or owner(element)}' has extensions of Camunda 7 and of Camunda 8",
            where=place(),
            advice="keep those of one of them, here and best in the whole diagram",
        )


def _of(element: etree._Element) -> str:
    """The label of the nearest element that has one, as people know it."""
    around = (element, *element.iterancestors())
    named = next((one for one in around if namespace(one) == BPMN and one.get("name")), None)
    return f" of '{' '.join(str(named.get('name')).split())}'" if named is not None else ""


def _advice(space: str, word: str, otherwise: str) -> str:
    return _ADVICES[space].get(word, otherwise)


def _near(word: str, known: Iterable[str]) -> str:
    """What may have been meant."""
    near = get_close_matches(word, known, 1, 0.75)
    return f"did you mean {near[0]}? Else remove it, or draw what it does" if near else ""


def _foreign(space: str, name: str) -> str:
    return f"{name} is in the namespace {space or '(none)'}, which this library does not read"
