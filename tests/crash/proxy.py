"""A wire between us and PostgreSQL that can be cut at a commit: before the server hears it, or before we hear back."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from pathlib import Path

COMMIT = b"COMMIT\0"
MOST = 1 << 16


class Wire:
    """Passes on what comes to a Unix socket of its own.

    ``cut_before`` and ``cut_after`` are how many commits from now the connection is cut, 0 never.
    """

    def __init__(self, folder: Path, server: str) -> None:
        self._server = server
        self.cut_before = self.cut_after = 0
        self.cuts = 0
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(folder / ".s.PGSQL.5432"))
        self._listening.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._server)
                threading.Thread(target=self._pass_on, args=(client, server), daemon=True).start()
                threading.Thread(target=_copy, args=(server, client), daemon=True).start()

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        """From us to the server, looking for commits."""
        with suppress(OSError):
            while data := client.recv(MOST):
                if COMMIT in data and self._counts("cut_before"):
                    break
                if COMMIT in data and self._counts("cut_after"):
                    # Shut first: what the server answers from now on does not get through.
                    client.shutdown(socket.SHUT_WR)
                    server.sendall(data)
                    server.shutdown(socket.SHUT_WR)
                    while server.recv(MOST):
                        pass  # until the server, which has committed, hangs up
                    break
                server.sendall(data)
        _hang_up(client)
        _hang_up(server)

    def _counts(self, which: str) -> bool:
        left = getattr(self, which)
        if left:
            setattr(self, which, left - 1)
        if left == 1:
            self.cuts += 1
        return bool(left == 1)

    def close(self) -> None:
        """Take no more connections."""
        self._listening.close()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(MOST):
            target.sendall(data)
    _hang_up(target)


def _hang_up(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
