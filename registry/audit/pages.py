"""Whether a site serves the programs, and its pages the keys, that stand in the log for everybody to see.

1. every leaf that the registry shows has its proof, under the quorum of the policy
2. the served programs hash to what the leaf of use "page" says
3. each page runs these programs and no other, and its headers let no other run
4. each page that pins a key pins one that is a leaf of use "identity"
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

from registry import base64url
from registry.audit.differences import Difference, Kind
from registry.errors import Invalid, NotFound
from registry.log import leaf, own_keys, proof
from registry.log.quorum import Policy

BUNDLE = "static/bundle/"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,60}\.js")
_MOST = 100  # programs

Clear = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """A page as a browser has it. `policy` is its Content-Security-Policy; None for a file that somebody saved."""

    name: str
    html: str = field(repr=False)
    policy: str | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """What the log says in the clear, and the names of the programs."""

    clears: Sequence[Clear]
    programs: Sequence[str]


def shown(answer: bytes, policy: Policy) -> Shown:
    """What `/log/keys` answers, each leaf proven; Invalid when it is not in the form, or a proof does not hold."""
    try:
        said = json.loads(answer)
        clears = [_proven(each["entry"], each["proof"], policy) for each in said["keys"]]
        names = [str(name) for name in said["programs"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Invalid("the registry does not prove its keys; is it one, and of this version?", field="url") from None
    if len(names) > _MOST or not all(_NAME.fullmatch(name) for name in names):
        raise Invalid("the registry names programs in another form than its own", field="url")
    return Shown(clears, names)


def _proven(entry: str, text: str, policy: Policy) -> Clear:
    data = base64url.decode(entry, field="entry")
    proof.verify(text, entry=data, policy=policy)
    return leaf.parse(data).key or {}


def verify(found: Shown, *, pages: Sequence[Page], fetch: Callable[[str], bytes]) -> list[Difference]:
    """What does not fit; `fetch` reads a file of the site, and raises NotFound."""
    differences = list(_programs(found, fetch))
    for page in pages:
        differences += [Difference(Kind.ALTERED, f"page:{page.name}", why) for why in _problems(found, page)]
    return differences


def _programs(found: Shown, fetch: Callable[[str], bytes]) -> Iterator[Difference]:
    """2"""
    served: dict[str, bytes] = {}
    for name in found.programs:
        try:
            served[name] = fetch(BUNDLE + name)
        except NotFound:
            yield Difference(Kind.MISSING, f"program:{name}", "the site does not serve it")
    if own_keys.page(served) not in found.clears:
        why = "what the site serves does not hash to what the log says of its programs"
        yield Difference(Kind.ALTERED, "programs", why)


def _problems(found: Shown, page: Page) -> Iterator[str]:
    read = _Reading()
    read.feed(page.html)
    for source in read.sources:  # 3
        path = urlsplit(source).path.lstrip("/") if source is not None else None
        if path is None:
            yield "it has a program written into it"
        elif path not in {BUNDLE + name for name in found.programs} or urlsplit(source).netloc:
            yield f"it runs {path or source}, which is none of the programs in the log"
    if page.policy is not None and "script-src 'self'" not in (part.strip() for part in page.policy.split(";")):
        yield "its headers let a browser run other programs"
    known = {clear.get("public") for clear in found.clears if clear.get("use") == "identity"}
    for key in read.keys:  # 4
        if key not in known:
            yield "it pins an identity key that does not stand in the log"


class _Reading(HTMLParser):
    """The programs that a page runs, None for one in the page itself, and the keys that it pins."""

    def __init__(self) -> None:
        super().__init__()
        self.sources: list[str | None] = []
        self.keys: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "script":
            self.sources.append(said.get("src"))
        if any(name.startswith("on") for name in said):
            self.sources.append(None)
        if "data-public-key" in said:
            self.keys.append(said["data-public-key"])
