"""One workbench a file, so that its tests add up to the coverage of the process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from complaintflow.testing import Workbench


@pytest.fixture(scope="module")
def bench() -> Iterator[Workbench]:
    """A workbench shared by the scenarios of one file; its clock only moves on."""
    workbench = Workbench()
    yield workbench
    workbench.close()
