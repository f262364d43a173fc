"""One process on a workbench, in one call."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from camunda7_parts import HEAD, Run

from complaintflow import Handlers
from complaintflow.testing import Workbench
from tests.diagrams import POLICY, Play, document, layer, process


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Play]:
    """``play(start(), user("a"), flows("start > a"), roots=(message(...),))`` is a workbench with the process ``p``."""
    opened: list[Workbench] = []

    def build(
        *parts: str,
        roots: tuple[str, ...] = (),
        more: tuple[str, ...] = (),
        handlers: tuple[Handlers, ...] = (),
        policy: str = POLICY,
        **files: str,
    ) -> Workbench:
        """``roots`` stand beside the process (messages, errors), ``more`` are further processes of the file."""
        folder = layer(
            tmp_path / f"layer{len(opened)}", document(process(*parts), *more, *roots), policy=policy, **files
        )
        bench = Workbench(layers=[folder], handlers=handlers)
        opened.append(bench)
        return bench

    yield build
    for bench in opened:
        bench.close()


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """``run(parts..., roots=(...), handlers=desk)`` is a workbench with the Camunda 7 process ``p``."""
    opened: list[Workbench] = []

    def build(
        *parts: str, roots: tuple[str, ...] = (), more: str = "", handlers: Handlers | None = None, **files: str
    ) -> Workbench:
        xml = f'{HEAD}<bpmn:process id="p" isExecutable="true">{"".join(parts)}</bpmn:process>{more}{"".join(roots)}'
        folder = layer(tmp_path / f"layer{len(opened)}", xml + "</bpmn:definitions>", policy=POLICY, **files)
        bench = Workbench(layers=[folder], handlers=(handlers,) if handlers else ())
        opened.append(bench)
        return bench

    yield build
    for bench in opened:
        bench.close()
