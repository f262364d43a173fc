"""Parts of Camunda 7 diagrams as text, and handlers that remember their jobs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from complaintflow import Handlers, Job
from complaintflow.testing import Workbench
from tests.diagrams import flows, start

HEAD = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"'
    ' xmlns:camunda="http://camunda.org/schema/1.0/bpmn" xmlns:modeler="http://camunda.org/schema/modeler/1.0"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="definitions" targetNamespace="test"'
    ' modeler:executionPlatform="Camunda Platform" modeler:executionPlatformVersion="7.24.0">'
)

# The fixture ``run``: parts of a process in, a workbench out.
Run = Callable[..., Workbench]


def task(tag: str, name: str, extension: str = "", body: str = "", **attributes: str) -> str:
    """An element; attributes with a low line in front are camunda's."""
    said = "".join(
        f' {"camunda:" + key[1:] if key.startswith("_") else key}="{text}"' for key, text in attributes.items()
    )
    inner = f"<bpmn:extensionElements>{extension}</bpmn:extensionElements>" if extension else ""
    return f'<bpmn:{tag} id="{name}" name="{name}"{said}>{inner}{body}</bpmn:{tag}>'


def user(name: str, extension: str = "", **attributes: str) -> str:
    return task("userTask", name, extension, **attributes)


def one(element: str) -> tuple[str, ...]:
    """``start > x > b``, with the element x and a user task b to look at what happened."""
    return (start(), element, user("b"), flows("start > x > b"))


class Desk:
    """Handlers that remember their jobs."""

    def __init__(self, **results: Any) -> None:
        self.jobs: list[Job] = []
        self.handlers = Handlers()
        for name, result in results.items():
            self._register(name.replace("__", "."), result)

    def _register(self, name: str, result: Any) -> None:
        @self.handlers.handler(name, retries=1)
        def work(job: Job) -> Any:
            self.jobs.append(job)
            if isinstance(result, Exception):
                raise result
            return result
