"""The contract of stores, as a suite of tests that an organisation runs against its own.

    # conftest.py: pytest then shows what differs where an assertion of the suite fails
    pytest.register_assert_rewrite("complaintflow.testing")

    # test_our_store.py
    from complaintflow.testing.store_contract import StoreContract

    class TestOurStore(StoreContract):
        @pytest.fixture
        def store(self, tmp_path):
            store = OurStore(tmp_path / "cases")
            yield store
            store.close()

The store must be empty at the beginning of each test. The SQL stores that come with the library pass the same suite.

A subclass may say two things about its store. ``readers_wait = True``: readers wait for a writer (such a store is for
tests, or for one thread). ``host(store)``: a context manager with a connection that ``using`` takes and that has
``commit`` and ``rollback``; without it those tests are skipped, and ``using`` must refuse everything with StoreError.

Beyond the words of the port the suite asks that

* a change that is refused leaves nothing of itself, and the transaction can go on;
* an id decides before a key: writing the same new case twice is a stale case;
* all conditions given to ``tasks`` and ``case_ids`` must hold;
* a job that is given back by somebody who does not hold it stays with its holder;
* a held job is due again at the end of its lease (``next_due``) and is in the backlog all the time;
* history is never overwritten, and a reading transaction refuses to write: StoreError.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from complaintflow.store.port import Store
from complaintflow.testing.store_figures import FigureContract
from complaintflow.testing.store_files import AttachmentContract, ReceiptContract
from complaintflow.testing.store_queries import CaseQueryContract, InboxContract, ListenerContract
from complaintflow.testing.store_schedules import ScheduleContract
from complaintflow.testing.store_sealing import SealingContract
from complaintflow.testing.store_sharing import Host, HostContract, IsolationContract
from complaintflow.testing.store_workers import DueContract, LeaseContract
from complaintflow.testing.store_writing import RefusalContract, WritingContract


class StoreContract(
    WritingContract,
    RefusalContract,
    CaseQueryContract,
    InboxContract,
    ListenerContract,
    DueContract,
    LeaseContract,
    ScheduleContract,
    SealingContract,
    AttachmentContract,
    ReceiptContract,
    FigureContract,
    IsolationContract,
    HostContract,
):
    """Every promise of ``complaintflow.store.port.Store``. Subclass it, name the class ``Test...``, give it a store."""

    @pytest.fixture
    def store(self) -> Iterator[Store]:
        """An empty store; the subclass makes it."""
        raise NotImplementedError("a subclass of StoreContract gives the fixture `store`")


__all__ = ["Host", "StoreContract"]
