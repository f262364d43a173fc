"""Everything wrong with a definition, as a list: for designers, who want to mend it all in one go.

    check_alone("reply.bpmn", source)     one file by itself
    check_bundle(bundle)                  one process with all it refers to
    unused_files(layers, bundles)         what lies in the layers and no process is made of
    changes(bundle, layers)               what a layer says otherwise than those below it
    changes_of(path, layers)              the same of one file

The engine itself refuses at the first thing that is wrong; these functions go on. They are pure: bytes and bundles in,
findings out, and no diagram, however broken, makes them raise.
"""

from complaintflow.check.bundle import check_alone, check_bundle
from complaintflow.check.changes import Changed, changes, changes_of
from complaintflow.check.files import check_file
from complaintflow.check.finding import ERROR, NOTE, WARNING, Finding, Severity
from complaintflow.check.usage import unused_files

__all__ = [
    "ERROR",
    "NOTE",
    "WARNING",
    "Changed",
    "Finding",
    "Severity",
    "changes",
    "changes_of",
    "check_alone",
    "check_bundle",
    "check_file",
    "unused_files",
]
