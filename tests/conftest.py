"""What holds for every test: none makes a key in the home folder of whoever runs it, nor is told that it did."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import mkdtemp

from complaintflow.sealing import keyfile

_config = mkdtemp(prefix="complaintflow-config-")
os.environ["XDG_CONFIG_HOME"] = _config
keyfile.create(Path(_config) / "complaintflow" / "keys")
