"""The key holder's socket, or mutual TLS: one JSON object a line in, one out (format: `registry.keys.holder`)."""

from __future__ import annotations

import json
import logging
import socket
import socketserver
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from registry.clock import Clock
from registry.errors import Conflict, Invalid, Unavailable, ZiluError
from registry.keys.holder import MAX_LINE, RETRY_AFTER, describe
from registry.keys.tls import Way

from .answers import Ceilings, KeyHolder
from .counters import Counters
from .keyfile import open_key_file
from .memory import leave_no_dump
from .succession import Succession

IDLE_SECONDS = 30
_POLL_SECONDS = 0.2

_log = logging.getLogger("zilu.keyholder")


def serve(
    *,
    way: Path | Way,
    key_file: Path,
    passphrase: str,
    counters_path: Path,
    ceilings: Ceilings,
    clock: Clock,
    stop: threading.Event,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Serve until `stop` is set; `ready` is called once connections are accepted.

    `way` is the path of a Unix socket, or an address with mutual TLS. Raises Invalid when the key file, the counters or
    the way cannot be used, Conflict when the socket is in use.
    """
    leave_no_dump()
    keys = open_key_file(key_file, passphrase)
    counters = Counters(counters_path)
    try:
        key_holder = KeyHolder(keys, Succession(key_file, passphrase), counters, ceilings, clock)
        with _listen(way, key_holder) as server:
            ready()
            while not stop.is_set():
                server.handle_request()
            if isinstance(way, Path):
                way.unlink(missing_ok=True)
    finally:
        counters.close()


def _listen(way: Path | Way, key_holder: KeyHolder) -> _UnixServer | _TlsServer:
    if isinstance(way, Path):
        _remove_stale(way)
    field = "socket" if isinstance(way, Path) else "keyholder.tls.address"
    server = _UnixServer(way, key_holder) if isinstance(way, Path) else _TlsServer(way, key_holder)
    try:
        server.server_bind()
        if isinstance(way, Path):
            way.chmod(0o600)  # nobody can connect before server_activate, whatever the umask was
        server.server_activate()
    except OSError as error:
        server.server_close()
        raise Invalid(f"The socket cannot be made ({error.strerror or error}).", field=field) from None
    return server


def _remove_stale(path: Path) -> None:
    try:
        is_socket = stat.S_ISSOCK(path.stat().st_mode)
    except OSError:
        return  # nothing there, or nothing that binding will not complain about
    if not is_socket or _answers(path):
        raise Conflict("The socket's path is taken by a running key holder or another file.", field="socket")
    path.unlink()


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        return probe.connect_ex(str(path)) == 0


class _Conversation(socketserver.StreamRequestHandler):
    """One connection: questions until the client closes, is idle, or sends what is not a line."""

    server: _UnixServer | _TlsServer
    timeout = IDLE_SECONDS

    def handle(self) -> None:
        while line := self.rfile.readline(MAX_LINE + 1):
            whole = line.endswith(b"\n") and len(line) <= MAX_LINE
            reply = self._reply(line) if whole else _refusal(_too_long())
            self.wfile.write(json.dumps(reply).encode() + b"\n")
            if not whole:
                return

    def _reply(self, line: bytes) -> dict[str, object]:
        try:
            return {"answer": self.server.key_holder.answer(_parsed(line))}
        except ZiluError as error:
            return _refusal(error)
        except Exception as error:  # its text could hold what was sent
            _log.error("a question failed: %s", type(error).__name__)
            return _refusal(Unavailable("The key holder failed; try again soon.", retry_after=RETRY_AFTER))


class _Serving(socketserver.ThreadingMixIn):
    daemon_threads = True  # an idle connection must not hold up a stop

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away, or showed no certificate of ours, is no event; nothing is printed."""


class _UnixServer(_Serving, socketserver.UnixStreamServer):
    request_queue_size = 128
    timeout = _POLL_SECONDS

    def __init__(self, path: Path, key_holder: KeyHolder) -> None:
        super().__init__(str(path), _Conversation, bind_and_activate=False)
        self.key_holder = key_holder


class _TlsServer(_Serving, socketserver.TCPServer):
    request_queue_size = 128
    timeout = _POLL_SECONDS
    allow_reuse_address = True

    def __init__(self, way: Way, key_holder: KeyHolder) -> None:
        if ":" in way.host:
            self.address_family = socket.AF_INET6
        super().__init__((way.host, way.port), _Conversation, bind_and_activate=False)
        self.key_holder = key_holder
        self._context = way.context

    def finish_request(self, request: Any, client_address: Any) -> None:
        """In the connection's own thread: whoever is slow to show a certificate holds up nobody."""
        request.settimeout(IDLE_SECONDS)
        with self._context.wrap_socket(request, server_side=True) as secured:
            super().finish_request(secured, client_address)


def _parsed(line: bytes) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        raise Invalid("The line must be one JSON object.", field="line") from None


def _too_long() -> Invalid:
    return Invalid(f"A line must have at most {MAX_LINE} bytes and end with a line feed.", field="line")


def _refusal(error: ZiluError) -> dict[str, object]:
    return {"error": describe(error)}
