"""The registry over HTTP, as one client's programs see it: pinned keys, sign-in, retries, refusals as errors.

A request is repeated when it may not have arrived or the registry is busy: every POST here is safe to repeat, because
it carries an Idempotency-Key, is signed with a `jti`, or asks nothing of the register.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx2
import jwt

from registry.clock import Clock, system
from registry.errors import Conflict, Forbidden, Invalid, NotFound, TooMany, Unauthenticated, Unavailable, ZiluError
from registry.log.quorum import Policy
from registry.signing.keys import PrivateKey, thumbprint

from . import logged
from .pins import Pins

ATTEMPTS = 6
PATIENCE = 20  # seconds; whoever asks for a longer wait is taken at their word, and the caller decides
TIMEOUT = httpx2.Timeout(60, connect=5)
ASSERTION_SECONDS = 120
_RENEW_BEFORE = timedelta(seconds=30)
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_BUSY = frozenset({502, 503, 504})
_KINDS: Mapping[int, type[ZiluError]] = {
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    413: Invalid,
    422: Invalid,
}


@dataclass(frozen=True, slots=True)
class Profile:
    """How a member's program signs in: its client id and key, and the key that signs statements, if it has one.

    `policy` names the witnesses that must have seen the registry's log; without it the log's signature is enough.
    """

    issuer: str
    account: str
    client_key: PrivateKey = field(repr=False)
    signing_key: PrivateKey | None = field(default=None, repr=False)
    policy: Policy | None = None


class Registry:
    """One registry, signed in as one client. Safe for several threads. Any method may raise Unavailable.

    `scope` is what the tokens may be used for, `sleep` how a retry waits.
    """

    def __init__(
        self,
        profile: Profile,
        *,
        scope: str,
        http: httpx2.Client | None = None,
        clock: Clock = system,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        _require_private(profile.issuer)
        self.profile = profile
        self.clock = clock
        self._http = http or httpx2.Client(timeout=TIMEOUT)
        self._scope = scope
        self._sleep = sleep
        self._pins: Pins | None = None
        self._member: str | None = None
        self._token: tuple[str, datetime] | None = None
        self._signing_in = threading.Lock()

    @property
    def pins(self) -> Pins:
        """What was pinned; Invalid before `pin`, so that nothing is ever asked of a registry that nobody verified."""
        if self._pins is None:
            raise Invalid("the registry's keys are not pinned yet", field="keys")
        return self._pins

    @property
    def member(self) -> str:
        """The member that the client belongs to: the `iss` of what it signs. Asked for once."""
        if self._member is None:
            self._member = str(self.get("/api/v1/account")["member"])
        return self._member

    def pin(self, pinned: Pins | None = None) -> Mapping[str, Any]:
        """Read the discovery document and compare it with `pinned`; without it, trust what is there this once.

        A new identity key is believed when the pinned log shows that it replaced the pinned one.
        The keys must stand in the registry's log, under the quorum of the profile's policy if it has one. Returns the
        document with its `jwks`, to be kept. Raises Untrusted.
        """
        document = self._public("/.well-known/zilu") | {"jwks": self._public("/.well-known/jwks.json")}
        found = Pins.read(document, issuer=self.profile.issuer).under(self.profile.policy)
        if pinned is not None:
            pinned.follow(document["identity"].get("succession"), found.policy).verify_same(found)
        logged.verify(self._public(logged.PATH), found)
        self._pins = found
        return document

    def close(self) -> None:
        """Close the connections; the registry may not be asked anything after."""
        self._http.close()

    def get(self, path: str) -> dict[str, Any]:
        return self._authorised("GET", path)

    def text(self, path: str) -> str:
        """A letter's HTML, or another answer that is not JSON."""
        response = self._asked("GET", path)
        if not response.is_success:
            _read(response)
        return response.text

    def post(self, path: str, body: Mapping[str, Any], *, key: str | None = None) -> dict[str, Any]:
        """`key` is the Idempotency-Key: the same for every time that the same thing is meant."""
        return self._authorised("POST", path, json=body, headers={"Idempotency-Key": key} if key else {})

    def put(self, path: str, data: bytes, *, content_type: str) -> dict[str, Any]:
        return self._authorised("PUT", path, content=data, headers={"Content-Type": content_type})

    def replace(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._authorised("PUT", path, json=body)

    def delete(self, path: str) -> dict[str, Any]:
        return self._authorised("DELETE", path)

    def _public(self, path: str) -> dict[str, Any]:
        return _read(self._patiently("GET", path))

    def _authorised(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        return _read(self._asked(method, path, **request))

    def _asked(self, method: str, path: str, **request: Any) -> httpx2.Response:
        headers = request.pop("headers", {})
        for renew in (False, True):
            token = {"Authorization": f"Bearer {self._bearer(renew=renew)}"}
            response = self._patiently(method, path, headers=headers | token, **request)
            if response.status_code != 401:
                break
        return response

    def _bearer(self, *, renew: bool) -> str:
        with self._signing_in:
            if renew or self._token is None or self.clock() >= self._token[1]:
                self._token = self._sign_in()
            return self._token[0]

    def _sign_in(self) -> tuple[str, datetime]:
        """A token and when to renew it. Every attempt has an assertion of its own, for each is good once."""
        response = self._repeated(lambda: self._http.post(self._url("/oauth/token"), data=self._credentials()))
        answer = _read(response)
        token, seconds = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(token, str) or not isinstance(seconds, int):
            raise _not_a_registry()
        return token, self.clock() + timedelta(seconds=seconds) - _RENEW_BEFORE

    def _credentials(self) -> dict[str, str]:
        now, me = int(self.clock().timestamp()), self.profile.account
        claims = {
            "iss": me,
            "sub": me,
            "aud": self.profile.issuer,
            "jti": secrets.token_urlsafe(24),
            "iat": now,
            "exp": now + ASSERTION_SECONDS,
        }
        kid = thumbprint(self.profile.client_key.public_key())
        return {
            "grant_type": "client_credentials",
            "client_assertion_type": _ASSERTION_TYPE,
            "client_assertion": jwt.encode(claims, self.profile.client_key, algorithm="EdDSA", headers={"kid": kid}),
            "scope": self._scope,
        }

    def _patiently(self, method: str, path: str, **request: Any) -> httpx2.Response:
        return self._repeated(lambda: self._http.request(method, self._url(path), **request))

    def _repeated(self, send: Callable[[], httpx2.Response]) -> httpx2.Response:
        """The first answer that is not "later"; a refusal is an answer. Unavailable after six times."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                response = send()
            except httpx2.HTTPError:
                response = None
            if response is not None and not (wait := _wait(response)):
                return response
            if attempt < ATTEMPTS:
                self._sleep(max(wait if response is not None else 0, _backoff(attempt)))
        if response is not None:
            return response
        raise Unavailable("the registry cannot be reached; check the address and the network", retry_after=60)

    def _url(self, path: str) -> str:
        return self.profile.issuer + path


def _wait(response: httpx2.Response) -> int:
    """How many seconds to wait before the request is repeated; 0 when it should not be."""
    after = response.headers.get("Retry-After", "")
    seconds = int(after) if after.isdecimal() and len(after) < 9 else 1
    later = response.status_code in _BUSY or response.status_code == 429 or _came_second(response)
    return max(seconds, 1) if later and seconds <= PATIENCE else 0


def _came_second(response: httpx2.Response) -> bool:
    """Whether the same was being done at the same moment, as when a request is repeated that is still under way."""
    return response.status_code == 409 and b"/problems/outdated" in response.content


def _backoff(attempt: int) -> float:
    """A quarter of a second, doubled each time, and up to as much again, so that clients do not return together."""
    return 0.25 * (1 << (attempt - 1)) * (1 + secrets.randbelow(1000) / 1000)


def _read(response: httpx2.Response) -> dict[str, Any]:
    """The JSON object of a good answer; else the refusal, raised as what it is."""
    try:
        body = response.json()
    except (ValueError, RecursionError):
        body = None
    if response.is_success:
        if isinstance(body, dict):
            return body
        raise _not_a_registry()
    raise _refusal(response, body if isinstance(body, dict) else {})


def _refusal(response: httpx2.Response, problem: Mapping[str, Any]) -> ZiluError:
    said = problem.get("detail") or problem.get("error_description")
    message = _printable(said) if isinstance(said, str) else f"the registry answered with status {response.status_code}"
    after = response.headers.get("Retry-After", "")
    seconds = int(after) if after.isdecimal() and len(after) < 9 else 60
    if response.status_code == 429:
        return TooMany(message, retry_after=seconds)
    kind = _KINDS.get(response.status_code)
    if kind is None:
        return Unavailable(message, retry_after=seconds)
    return kind(message, field=_field(problem), code=_code(problem))


def _field(problem: Mapping[str, Any]) -> str | None:
    match problem.get("errors"):
        case [{"pointer": str(pointer)}, *_]:
            return _printable(pointer)
    return None


def _code(problem: Mapping[str, Any]) -> str | None:
    kind = problem.get("type")
    return _printable(kind.rpartition("/")[2]) if isinstance(kind, str) else None


def _printable(text: str) -> str:
    """What is shown in a terminal: one line, no control characters, at most 300 characters."""
    return "".join(character if character.isprintable() else " " for character in text)[:300]


def _require_private(issuer: str) -> None:
    """Tokens and tags go to this address: it must be encrypted, or this machine."""
    parts = urlsplit(issuer)
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        raise Invalid("the registry's address must begin with https:// unless it is this machine", field="issuer")


def _not_a_registry() -> Unavailable:
    return Unavailable("what answers at this address is no registry; check the address", retry_after=60)
