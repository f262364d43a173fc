"""For the tests of those who embed: a workbench where time moves by hand.

    def test_silence_is_escalated(workbench):
        case = workbench.start("customer", today="2026-09-28", **PAYLOAD)
        workbench.advance(working_days=3)
        assert workbench.case(case.id).waiting_for == [...]

The ``workbench`` fixture comes with the installed package. ``complaintflow.testing.store_contract``
has the suite that every store must pass.
"""

from complaintflow.testing.workbench import Coverage, Workbench

__all__ = ["Coverage", "Workbench"]
