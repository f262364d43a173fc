"""Several processes in one file, and files that are not called like their process."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from complaintflow.cli.app import app
from complaintflow.definition.layers import Layers
from complaintflow.definition.library import Library
from complaintflow.errors import InvalidDiagram, UnknownProcess
from complaintflow.testing import Workbench
from tests.diagrams import (
    POLICY,
    Play,
    attributes,
    call,
    catch,
    condition,
    document,
    event,
    flows,
    gateway,
    layer,
    message,
    process,
    receive,
    signal,
    start,
    timer,
    user,
)

ROOTS = (message("m", "order-placed"), message("n", "order-changed"), signal("s", "alarm"))
FIRST = (start(), user("a"), flows("start > a"))


def second(*parts: str, name: str = "q") -> str:
    """A further process of the file."""
    return process(*parts, name=name)


def test_the_second_process_starts_by_hand(play: Play) -> None:
    """Any process of a file starts by its id, under the policy of the folder."""
    bench = play(
        *FIRST, more=(second(start("q0"), user("b", due='deadline("reply", case.started_at)'), flows("q0 > b")),)
    )
    case = bench.start("q", today="2026-03-02")
    assert (case.process, case.waiting_for) == ("q", ["b"])
    [task] = bench.engine.tasks(process="q")
    assert task.due_at is not None
    assert {"p", "q"} <= set(bench.engine.processes())
    assert bench.start("p").waiting_for == ["a"]


def test_a_message_begins_the_second_and_third(play: Play) -> None:
    """A message begins every process of a file that starts with it, by event, receive task or gateway."""
    bench = play(
        *FIRST,
        more=(
            second(start("q0", event("message", "m")), user("b"), flows("q0 > b")),
            second(attributes(receive("r0", "m"), instantiate="true"), user("c"), flows("r0 > c"), name="r"),
            second(attributes(gateway("eventBased", "g"), instantiate="true"), catch("g1", event("message", "n")),
                   catch("g2", event("signal", "s")), user("d"), flows("g > g1 > d", "g > g2 > d"), name="t"),
        ),
        roots=ROOTS,
    )  # fmt: skip
    cases = bench.engine.correlate("order-placed", key="7", data={"x": 1})
    assert [(case.process, case.key, case.waiting_for, case.variables) for case in cases] == [
        ("q", "7", ["b"], {"x": 1}),
        ("r", "7", ["c"], {"x": 1}),
    ]
    assert [case.process for case in bench.engine.correlate("order-changed", key="8")] == ["t"]
    assert [case.process for case in bench.engine.broadcast("alarm")] == ["t"]


def test_data_and_the_clock_begin_the_second(play: Play) -> None:
    """Conditional and timer starts of a further process of a file are reached by its id."""
    bench = play(
        *FIRST,
        more=(
            second(start("q0", condition("amount > 100")), user("b"), flows("q0 > b")),
            second(start("r0", timer(cycle="R/P7D")), user("c"), flows("r0 > c"), name="r"),
        ),
    )
    [case] = bench.engine.evaluate({"amount": 101})
    assert (case.process, case.waiting_for) == ("q", ["b"])
    [row] = bench.engine.schedule("r")
    assert (row.process, row.element) == ("r", "r0")
    bench.advance(days=7)
    assert [case.waiting_for for case in bench.engine.cases(process="r")] == [["c"]]
    assert bench.engine.unschedule("r") == 1


def test_a_call_into_the_same_file(play: Play) -> None:
    """A called activity finds its process in the file it stands in, whatever that file is called."""
    bench = play(start(), call("c", "q"), flows("start > c"),
                 more=(second(start("q0"), user("b"), flows("q0 > b")),))  # fmt: skip
    case = bench.start("p")
    assert case.waiting_for == ["b"]
    assert "q" not in bench.engine.processes()  # what others call is not what people start, and yet can be
    assert bench.start("q").waiting_for == ["b"]


def test_a_call_into_a_file_of_another_name(tmp_path: Path) -> None:
    """A called process is found by its id in its own folder, and in one of another policy."""
    layer(tmp_path, document(process(start(), call("c", "Sub_1"), call("d", "Other_1"), flows("start > c > d"))))
    folder = tmp_path / "processes" / "p"
    (folder / "drawn-by-hand.bpmn").write_text(document(process(start(), user("b"), flows("start > b"), name="Sub_1")))
    other = tmp_path / "processes" / "other"
    other.mkdir()
    (other / "policy.toml").write_text(POLICY.replace('id = "p"', 'id = "other"'))
    (other / "x.bpmn").write_text(document(process(start(), user("o"), flows("start > o"), name="Other_1")))
    bench = Workbench(layers=[tmp_path])
    case = bench.start("p")
    assert case.waiting_for == ["b"]
    assert bench.complete(case, "b").waiting_for == ["o"]
    bundle = bench.engine.library.newest("p")
    assert bundle.policies.ids == ("p", "other")
    bench.close()


def test_a_file_whose_name_is_not_its_process(tmp_path: Path) -> None:
    """A process starts by its id, also after its definition came out of the store; the folder's policy governs it."""
    folder = tmp_path / "processes" / "claims"
    folder.mkdir(parents=True)
    (folder / "policy.toml").write_text(POLICY.replace('id = "p"', 'id = "claims"'))
    (folder / "handling-v2.bpmn").write_text(
        document(process(start(), user("a", due='deadline("reply", case.started_at)'), flows("start > a"), name="C_1"))
    )
    bench = Workbench(layers=[tmp_path])
    case = bench.start("C_1", today="2026-03-02")
    assert case.waiting_for == ["a"]
    bundle = bench.engine.library.newest("C_1")
    again = type(bundle).unpack(bundle.pack())
    assert (bundle.home, again.home, again.policies.own, again.digest) == ("claims", "claims", "claims", bundle.digest)
    assert "C_1" in bench.engine.processes()
    with pytest.raises(UnknownProcess, match="there is no process 'claims'"):
        bench.start("claims")
    bench.close()


def test_the_main_file_says_what_it_has(tmp_path: Path) -> None:
    """Whoever starts a folder whose diagram has another id is told the id."""
    layer(tmp_path, document(process(*FIRST, name="Process_1")))
    with pytest.raises(UnknownProcess, match=r"p\.bpmn has: Process_1"):
        Library(Layers([tmp_path])).newest("p")


def test_two_files_with_one_id(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Two files with the same process are an error that names both, and no event begins either."""
    waits = process(start("q0", event("message", "m")), user("b"), flows("q0 > b"), name="q")
    layer(tmp_path, document(process(*FIRST), waits, *ROOTS))
    layer(tmp_path, document(process(*FIRST, name="r"), waits, *ROOTS), name="r")
    bench = Workbench(layers=[tmp_path])
    with pytest.raises(InvalidDiagram, match="two files have the process 'q'") as caught:
        bench.start("q")
    assert caught.value.where == f"{tmp_path}/processes/p/p.bpmn and {tmp_path}/processes/r/r.bpmn"
    with caplog.at_level(logging.ERROR, "complaintflow"):
        assert bench.engine.library.addresses.begun_by("order-placed") == ["q"]
        from complaintflow.work.beginning import entries

        assert entries(bench.engine.library, "message", "order-placed") == []
    assert "two files have the process 'q'" in caplog.text
    assert bench.start("p").waiting_for == ["a"]
    bench.close()


def test_one_folder_with_one_id_twice(tmp_path: Path) -> None:
    """A copy beside its original is an error too, instead of one of them being taken."""
    layer(tmp_path, document(process(*FIRST)))
    (tmp_path / "processes" / "p" / "copy.bpmn").write_text(document(process(*FIRST)))
    with pytest.raises(InvalidDiagram, match="two files") as caught:
        Library(Layers([tmp_path])).newest("p")
    assert caught.value.where == f"{tmp_path}/processes/p/copy.bpmn and {tmp_path}/processes/p/p.bpmn"


def test_a_nearer_layer_replaces_the_file(tmp_path: Path) -> None:
    """A file of the same path in a nearer layer is the file: what it no longer has is gone."""
    waits = process(start("q0", event("signal", "s")), user("b"), flows("q0 > b"), name="q")
    far = layer(tmp_path / "far", document(process(*FIRST), waits, *ROOTS))
    near = layer(tmp_path / "near", document(process(*FIRST), *ROOTS))
    assert Library(Layers([far])).newest("q").home == "p"
    with pytest.raises(UnknownProcess):
        Library(Layers([near, far])).newest("q")


def command(*words: str) -> tuple[int, Any]:
    """Exit code and JSON of a command."""
    result = CliRunner().invoke(app, [*words, "--json"], env={"COMPLAINTFLOW_LAYERS": ""})
    return result.exit_code, json.loads(result.output)


def test_check_and_list_each_process(tmp_path: Path) -> None:
    """Each process that people start is listed and checked by its id; what is wrong with a file is said once."""
    late = process(start("q0", timer(cycle="R/P7D")), user("b"), flows("q0 > b"), name="q")
    layer(tmp_path, document(process(start(), call("c", "nobody"), flows("start > c")), late))
    (tmp_path / "processes" / "p" / "further.bpmn").write_text(document(process(*FIRST, name="r")))
    at = ("--layer", str(tmp_path))
    listed = {one["id"]: one["title"] for one in command(*at, "processes")[1]}
    assert {name: listed.get(name) for name in "pqr"} == {"p": "Test", "q": "Test", "r": "Test"}
    code, reports = command(*at, "check", str(tmp_path))
    found = {one["subject"]: [f["what"] for f in one["findings"] if f["severity"] == "error"] for one in reports}
    assert (code, list(found)) == (1, ["p", "q", "r"])
    assert [len(found[name]) for name in "pqr"] == [1, 0, 0]
    assert "nobody" in found["p"][0]
    assert not any("nothing uses this file" in f["what"] for one in reports for f in one["findings"])


def test_check_names_both_files(tmp_path: Path) -> None:
    """Two files of one id are a finding at each process that people start."""
    both = process(start("q0"), user("b"), flows("q0 > b"), name="q")
    for name in ("p", "r"):
        layer(tmp_path, document(process(*FIRST, name=name), both), name=name)
    code, reports = command("--layer", str(tmp_path), "check", str(tmp_path))
    [clash] = [f for one in reports if one["subject"] == "q" for f in one["findings"]]
    assert (code, clash["what"]) == (1, "two files have the process 'q'")
    assert ("p/p.bpmn" in clash["where"], "r/r.bpmn" in clash["where"]) == (True, True)


def test_each_shipped_file_is_called_like_its_process() -> None:
    """The index takes the shipped diagrams' names for their ids, without reading them."""
    from complaintflow.bpmn.naming import declared

    layers = Layers()
    for path in layers.diagrams():
        [part] = layers.every(path)
        assert tuple(declared(part.content, path)) == (path.rpartition("/")[2].removesuffix(".bpmn"),)
