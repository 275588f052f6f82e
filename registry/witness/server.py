"""The witness over HTTP: `POST /add-checkpoint`, and what it cosigned last for anybody who asks (C2SP tlog-witness)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from registry.clock import Clock
from registry.errors import Invalid, Unavailable
from registry.log import witnessing
from registry.log.checkpoint import Note, VerifierKey, cosign, parse_note
from registry.log.witnessing import Refused, Request
from registry.signing.keys import PrivateKey
from registry.witness.state import State

TIMEOUT = 10.0  # seconds that a client may be silent
_TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True)
class Answer:
    status: int
    body: str = ""
    content_type: str = _TEXT


@dataclass(frozen=True)
class Witness:
    """`logs` by origin. `accused` is told of the evidence when a log has signed two histories."""

    name: str
    key: PrivateKey = field(repr=False)
    logs: Mapping[str, VerifierKey]
    state: State
    clock: Clock
    accused: Callable[[str, Path], object]

    def add_checkpoint(self, body: bytes) -> Answer:
        """Cosign it, or say why not."""
        try:
            request = witnessing.parse(body)
            origin = witnessing.origin_of(request)
        except Invalid:
            return Answer(400)
        if origin not in self.logs:
            return Answer(404)
        try:
            note = self.state.replace(origin, partial(self._cosigned, request))
        except Refused as refused:
            return self._refusal(refused, request, origin)
        return Answer(200, parse_note(note).signatures[-1].line)

    def _cosigned(self, request: Request, last: str | None) -> str:
        """The note with the log's signature and ours; whatever else was sent with it is not kept."""
        checkpoint = witnessing.decide(request, logs=self.logs, last=last)
        log, sent = self.logs[checkpoint.origin], parse_note(request.note)
        by_log = tuple(each for each in sent.signatures if (each.name, each.key_id) == (log.name, log.id))
        ours = cosign(checkpoint, name=self.name, key=self.key, now=self.clock())
        return Note(sent.text, (*by_log, ours)).encode()

    def _refusal(self, refused: Refused, request: Request, origin: str) -> Answer:
        if refused.fork and (before := self.state.last(origin)) is not None:
            self.accused(origin, self.state.accuse(before=before, after=request.note))
        if refused.status == 409:
            return Answer(409, f"{refused.size}\n", witnessing.SIZE_TYPE)
        return Answer(refused.status)

    def show(self, path: str) -> Answer:
        """The last note of the log of this path, as it was cosigned."""
        for origin in self.logs:
            if path == f"/{witnessing.log_id(origin)}/checkpoint" and (note := self.state.last(origin)):
                return Answer(200, note)
        return Answer(404)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = TIMEOUT

    def __init__(self, witness: Witness, *rest: object) -> None:
        self._witness = witness
        super().__init__(*rest)  # type: ignore[arg-type]

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if self.path != "/add-checkpoint" or not length.isdecimal() or int(length) > witnessing.MAX_BYTES:
            self.close_connection = True  # what was not read would be taken for the next request
            return self._send(Answer(400 if self.path == "/add-checkpoint" else 404))
        return self._answer(lambda: self._witness.add_checkpoint(self.rfile.read(int(length))))

    def do_GET(self) -> None:
        self._answer(lambda: self._witness.show(self.path))

    def _answer(self, make: Callable[[], Answer]) -> None:
        try:
            self._send(make())
        except Unavailable:
            self._send(Answer(503))

    def _send(self, answer: Answer) -> None:
        data = answer.body.encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Cache-Control", "no-store")
        if self.close_connection:
            self.send_header("Connection", "close")  # else the client may send its next request into the end of it
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a witness has no visitors to keep."""


class Server(ThreadingHTTPServer):
    daemon_threads = True


def bind(witness: Witness, host: str, port: int) -> Server:
    """A server that listens; Unavailable when the port is taken."""
    try:
        return Server((host, port), partial(_Handler, witness))
    except OSError as error:
        raise Unavailable(f"port {port} cannot be used ({error.strerror}); name another", retry_after=60) from None


def serve(server: Server, stop: threading.Event) -> None:
    """Answer until `stop` is set."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1})
    thread.start()
    stop.wait()
    server.shutdown()
    thread.join()
    server.server_close()
