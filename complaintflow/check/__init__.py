"""Everything wrong with a definition, as a list: for designers, who want to mend it all in one go.

    check_file("reply.bpmn", source)      one file by itself
    check_bundle(bundle)                  one process with all it refers to
    check_layer(layers, folder)           what lies in a folder and nobody uses

The engine itself refuses at the first thing that is wrong; these functions go on. They are pure: bytes and bundles in,
findings out, and no diagram, however broken, makes them raise.
"""

from complaintflow.check.bundle import assemble, check_bundle, check_layer
from complaintflow.check.files import check_file
from complaintflow.check.finding import ERROR, NOTE, WARNING, Finding, Severity

__all__ = [
    "ERROR",
    "NOTE",
    "WARNING",
    "Finding",
    "Severity",
    "assemble",
    "check_bundle",
    "check_file",
    "check_layer",
]
