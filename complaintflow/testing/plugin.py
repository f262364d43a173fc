"""The pytest plugin: a fixture named ``workbench``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from complaintflow.testing.workbench import Workbench


@pytest.fixture
def workbench() -> Iterator[Workbench]:
    """A workbench on the shipped processes, closed after the test."""
    # Imported here: the plugin is loaded in every pytest run of whoever has the package installed.
    from complaintflow.testing.workbench import Workbench

    bench = Workbench()
    yield bench
    bench.close()
