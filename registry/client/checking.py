"""Ask about people: blind, have it evaluated, verify the proof, unblind, ask, verify the receipt.

    numbers ──blind──→ elements ──registry──→ evaluated, proof, ticket ──verify, unblind──→ tags ──registry──→ answers

Nothing is unblinded before the proof fits the pinned key: a registry that evaluated one person under a key of their
own could tell that person's tag from all others. No answer is believed before the receipt over it verifies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from registry import base64url
from registry.errors import Conflict, Invalid
from registry.identity import tags
from registry.identity.document import Document
from registry.identity.group import SIZE
from registry.identity.voprf import PROOF_SIZE, Evaluated
from registry.signing import canonical
from registry.signing.receipt import Receipt

from . import receipts
from .api import Registry
from .pins import Untrusted

EVALUATIONS = "/api/v1/identity/evaluations"


@dataclass(frozen=True, slots=True)
class Terms:
    """Why one asks: the purpose, and the consent as the API takes it."""

    purpose: str
    consent: Mapping[str, str]

    @classmethod
    def declared(cls, *, purpose: str, reference: str) -> Terms:
        """The member holds the person's consent, under `reference` in its own files."""
        return cls(purpose, {"kind": "declared", "reference": reference})

    @classmethod
    def granted(cls, *, purpose: str, group: str) -> Terms:
        """Each person has agreed under a link of this group (`registry.client.consents`)."""
        return cls(purpose, {"kind": "granted", "group": group})


@dataclass(frozen=True, slots=True)
class Answer:
    """What the registry said about one person. `reference` is the entry's opaque id, None without one."""

    check: str
    reference: str | None

    @property
    def is_hit(self) -> bool:
        return self.reference is not None


@dataclass(frozen=True, slots=True)
class Checked:
    """One batch: an answer for each document, in order, and the receipt file over them."""

    batch: str
    answers: tuple[Answer, ...]
    receipt: Mapping[str, Any] = field(repr=False)


def tags_of(registry: Registry, documents: Sequence[Document]) -> tuple[list[bytes], str]:
    """The tags of up to `registry.pins.batch` documents, and the ticket with which they may be asked about.

    Raises Untrusted when the proof does not fit the pinned key; then nothing was unblinded.
    """
    blinded = [tags.blind(document) for document in documents]
    answer = _evaluate(registry, [base64url.encode(one.element) for one in blinded])
    pins = registry.pins
    try:
        return tags.unblind_batch(pins.public_key, blinded, _evaluated(answer, pins.key_id)), str(answer["ticket"])
    except (Invalid, KeyError):
        raise Untrusted(
            "the registry's proof does not fit its pinned identity key; nothing was unblinded or asked",
            field="proof",
            code="proof-wrong",
        ) from None


def check(registry: Registry, documents: Sequence[Document], *, terms: Terms, key: str) -> Checked:
    """Ask about a batch under one Idempotency-Key. With the same documents and key it is the same question."""
    asked, ticket = tags_of(registry, documents)
    return ask(registry, asked, ticket=ticket, terms=terms, key=key)


def ask(registry: Registry, asked: Sequence[bytes], *, ticket: str, terms: Terms, key: str) -> Checked:
    """As `check`, for tags that are there already. Raises Untrusted for anything but a receipted answer to this."""
    sent = [base64url.encode(tag) for tag in asked]
    body = {"purpose": terms.purpose, "consent": dict(terms.consent), "ticket": ticket, "tags": sent}
    answer = registry.post("/api/v1/checks", body, key=key)
    try:
        return _checked(registry, answer, sent, terms)
    except (Invalid, KeyError, TypeError, ValueError):
        raise Untrusted(
            "the registry's answer is not what its receipt is for; do not rely on it",
            field="receipt",
            code="receipt-wrong",
        ) from None


def details(registry: Registry, check: str) -> dict[str, Any]:
    """What a hit says. The registry writes down that it was read."""
    return registry.get(f"/api/v1/checks/{check}/details")


def _evaluate(registry: Registry, elements: list[str]) -> dict[str, Any]:
    """What the registry answers; once it has rotated its key, after following it."""
    try:
        return registry.post(EVALUATIONS, {"key_id": registry.pins.key_id, "elements": elements})
    except Conflict as refused:
        if refused.code != "key-outdated":
            raise
    registry.pin(registry.pins)
    return registry.post(EVALUATIONS, {"key_id": registry.pins.key_id, "elements": elements})


def _evaluated(answer: Mapping[str, Any], key_id: str) -> Evaluated:
    if answer["key_id"] != key_id or not isinstance(answer["elements"], list):
        raise Invalid("the evaluation is not under the pinned key", field="key_id")
    elements = tuple(base64url.decode(str(text), field="elements", size=SIZE) for text in answer["elements"])
    return Evaluated(elements, base64url.decode(str(answer["proof"]), field="proof", size=PROOF_SIZE))


def _checked(registry: Registry, answer: Mapping[str, Any], asked: Sequence[str], terms: Terms) -> Checked:
    answers = answer["checks"]
    if [each["tag"] for each in answers] != list(asked):
        raise Invalid("the answers are not about the tags that were asked about", field="checks")
    receipt = receipts.unproven(answer["receipt"], answers, answer.get("absence"))
    _verify_ours(receipts.verify(receipt, registry.pins).receipt, registry.profile.account, answer["batch"], terms)
    return Checked(answer["batch"], tuple(_answer(each) for each in answers), receipt)


def _verify_ours(receipt: Receipt, account: str, batch: str, terms: Terms) -> None:
    """The act that is logged must say that this account asked, for this purpose and with this consent."""
    act = canonical.loads(receipt.record, field="receipt")
    facts = act["facts"]
    said = (receipt.jti, act["actor"], facts["batch"], facts["purpose"], facts["consent"])
    if said != (batch, account, batch, terms.purpose, dict(terms.consent)):
        raise Invalid("the receipt is for another question", field="receipt")


def _answer(answer: Mapping[str, Any]) -> Answer:
    outcome, reference = answer["outcome"], answer["reference"]
    if (outcome, reference is None) not in (("no-entry", True), ("entry", False)):
        raise Invalid("an answer must be no-entry, or entry with a reference", field="outcome")
    return Answer(str(answer["id"]), reference)
