"""The systems of birch and cedar that receive webhooks in the demo: they verify each signature, and keep what came."""

from __future__ import annotations

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import httpx2

from registry.cli.demo.stage import Stage, StoryFailed
from registry.errors import Invalid
from registry.signing import keys

MEMBERS = ("birch", "cedar")


class Inbox:
    """Listens on a free port of this machine; `expect` waits for a message and hands it out."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._came: list[tuple[str, dict[str, Any]]] = []
        self._seen: set[str] = set()
        inbox = self

        class Receiver(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                self.send_response(204 if inbox.receive(self.path, dict(self.headers), body) else 400)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """The story tells; the server need not."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        for member in MEMBERS:
            self._stage.zilu("member", "webhook", member, f"http://127.0.0.1:{self._server.server_port}/{member}")
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def receive(self, path: str, headers: dict[str, str], body: bytes) -> bool:
        """Whether the message is the registry's. The same message twice is one message."""
        signed = f"{headers.get('webhook-id')}.{headers.get('webhook-timestamp')}.".encode() + body
        kind, _, signature = headers.get("webhook-signature", "").partition(",")
        try:
            keys.verify_signature(self._key(), signature=base64.b64decode(signature), message=signed)
        except (Invalid, ValueError):
            return False
        if kind == "v1a" and headers["webhook-id"] not in self._seen:
            self._seen.add(headers["webhook-id"])
            self._came.append((path.strip("/"), json.loads(body)))
        return kind == "v1a"

    def _key(self) -> keys.PublicKey:
        jwks = httpx2.get(f"{self._stage.settings.registry.issuer}/.well-known/jwks.json", timeout=10).json()
        return keys.from_jwk(jwks["keys"][0])

    def expect(self, member: str, kind: str) -> dict[str, Any]:
        """The next message of this kind to the member, waited for."""
        self._stage.wait(lambda: self._find(member, kind) is not None, f"{member} receives {kind}")
        found = self._find(member, kind)
        if found is None:
            raise StoryFailed(f"{member} did not receive {kind}")
        self._came.remove(found)
        data: dict[str, Any] = found[1]["data"]
        return data

    def _find(self, member: str, kind: str) -> tuple[str, dict[str, Any]] | None:
        return next((came for came in self._came if came[0] == member and came[1]["type"] == kind), None)
