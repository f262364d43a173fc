"""The command line.

Reading order: `app` (commands, errors, exit codes), `session` (options that all commands share; the engine), `look`
(how output looks), then one module per command. Each command imports the engine only when it needs it, so that help
comes at once.
"""

from complaintflow.cli.app import app, main

__all__ = ["app", "main"]
