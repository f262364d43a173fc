"""Checks of variables: what is read somewhere must be given somewhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from complaintflow.check import Finding, check_bundle
from complaintflow.definition.layers import Layers
from complaintflow.definition.library import Library
from tests.diagrams import (
    POLICY,
    call,
    catch,
    document,
    end,
    event,
    flows,
    gateway,
    io,
    layer,
    message,
    multi,
    process,
    script,
    service,
    start,
    user,
)

FORM = '<zeebe:formDefinition formId="intake" bindingType="deployment"/>'
TELL = (
    '<zeebe:taskHeaders><zeebe:header key="notice" value="told"/>'
    '<zeebe:header key="to" value="reporter"/></zeebe:taskHeaders>'
)


def form(*keys: str, name: str = "intake", **more: object) -> str:
    """A form with one text field for each key; ``more`` goes into the last of them."""
    fields: list[dict[str, object]] = [
        {"type": "textfield", "id": f"f{number}", "key": key, "label": key} for number, key in enumerate(keys)
    ]
    fields[-1] |= more
    return json.dumps({"type": "default", "id": name, "schemaVersion": 19, "components": fields})


def found(
    folder: Path, *parts: str, roots: str = "", notice: str = "Hello.", intake: str = "", **more: str
) -> list[Finding]:
    """The warnings and errors of a process that begins with an intake form and sends a notice."""
    xml = document(process(start(extension=FORM), service("tell", "notify", extension=TELL), end(), *parts), roots)
    files = {"forms__p__intake.form": intake or form("reporter.name", "content"), **more}
    files["processes__p__notices__told.en.j2"] = f"Subject: News\n\n{notice}\n"
    bundle = Library(Layers([layer(folder, xml, policy=POLICY, **files)], installed=False)).assemble("p")
    return [finding for finding in check_bundle(bundle) if finding.severity != "note"]


DIRECT = flows("start > tell > end")


@pytest.mark.parametrize(
    ("notice", "advice"),
    [
        ("Dear {{ reportr.name }}.", "did you mean 'reporter'?"),
        ("{% if contnet %}Yes.{% endif %}", "did you mean 'content'?"),
        ("{{ outcome }}", "let a form, mapping, script or table give it"),
        ("{% for one in contents %}{{ one }}{% endfor %}", "did you mean 'content'?"),
        ("Until {{ deadline('reply', strat) | date }}.", "did you mean 'start'?"),
    ],
)
def test_a_misspelt_variable_in_a_notice_is_found(tmp_path: Path, notice: str, advice: str) -> None:
    """A notice that prints or asks for what nothing gives is a warning with the file and the nearest name."""
    parts = [script("note", "start", "now()"), flows("start > note > tell > end")]
    [finding] = found(tmp_path, *parts, notice=notice)
    assert finding.severity == "warning"
    assert finding.where == "processes/p/notices/told.en.j2"
    assert finding.advice == advice


def test_what_is_given_is_not_reported(tmp_path: Path) -> None:
    """Forms, mappings, scripts, loops, the engine and a notice's own loops all give variables."""
    notice = (
        "{{ reporter.name }} {{ content }} {{ mapped }} {{ noted }} {{ policy.texts }} {{ case.key }} {{ now | date }}"
        "{% for each in answers %}{{ loop.index }} {{ each }}{% endfor %} {{ recipient.person }} {{ language }}"
    )
    parts = [
        script("note", "noted", "content", extension=io(outputs={"mapped.inner": "noted"})),
        user("ask", loop=multi("answers_wanted", "one", collect="answers", output="string(one) + string(loopCounter)")),
        script("want", "answers_wanted", "[1, 2]"),
        flows("start > note > want > ask > tell > end"),
    ]
    assert found(tmp_path, *parts, notice=notice) == []


def test_a_misspelt_variable_in_a_condition_is_found(tmp_path: Path) -> None:
    """A condition that reads what nothing gives is a warning at its sequence flow."""
    parts = [gateway("exclusive", "way", default="way_tell"), end("other"), flows("start > way > tell > end")]
    parts.append(flows('way > other [contnt = "x"]'))
    [finding] = found(tmp_path, *parts)
    assert finding.what == "nothing gives the variable 'contnt'"
    assert "element way_other" in finding.where
    assert finding.advice == "did you mean 'content'?"


def test_a_misspelt_variable_in_a_form_or_table_is_found(tmp_path: Path) -> None:
    """What a form hides by, and what a table asks for, is looked at too."""
    intake = form("reporter.name", "content", conditional={"hide": "=reporterr.name = null"})
    [finding] = found(tmp_path, DIRECT, intake=intake)
    assert "component content" in finding.where
    assert finding.advice == "did you mean 'reporter'?"


def test_with_a_handler_only_slips_are_reported(tmp_path: Path) -> None:
    """A handler's result may have any name, so only what is nearly a known name is taken for a slip."""
    parts = [service("look", "look-up"), flows("start > look > tell > end")]
    assert found(tmp_path / "any", *parts, notice="{{ weather }}") == []
    [finding] = found(tmp_path / "slip", *parts, notice="{{ contennt }}")
    assert finding.advice == "did you mean 'content'?"


def test_what_is_mapped_out_of_a_message_is_its_own_vocabulary(tmp_path: Path) -> None:
    """A message's words are known from the mappings that take them in, and bring nothing else."""
    parts = [
        catch("hear", event("message", "m"), extension=io(outputs={"answer": "payload_text"})),
        flows("start > hear > tell > end"),
    ]
    roots = message("m", "answer")
    assert found(tmp_path / "right", *parts, roots=roots, notice="{{ answer }}") == []
    [finding] = found(tmp_path / "wrong", *parts, roots=roots, notice="{{ weather }}")
    assert finding.what == "nothing gives the variable 'weather'"


def test_a_shared_part_may_know_more_than_one_caller(tmp_path: Path) -> None:
    """A shared process asks for what only some of its callers have: that is no slip."""
    part = document(
        process(start(), script("note", "noted", "weather"), end(), flows("start > note > end"), name="part")
    )
    shared = {"processes__shared__part.bpmn": part}
    parts = [call("go", "part"), flows("start > go > tell > end")]
    assert found(tmp_path, *parts, **shared) == []


def test_shipped_processes_read_only_what_they_are_given() -> None:
    """No shipped notice, condition, form or table reads a variable that nothing gives."""
    library = Library(Layers(installed=False))
    for name in library.layers.processes():
        assert [one for one in check_bundle(library.assemble(name)) if "nothing gives" in one.what] == []
