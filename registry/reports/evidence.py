"""What a report rests on: the facts, each with its exhibits, the witnesses, and what its standard of proof demands.

exhibits   [SHA-256 in lower-case hexadecimal, 1 to 20]
annexes    {SHA-256 of an annex with customers' data: that of its redacted copy, one of the exhibits}, or left out
facts      [{"text", "exhibits": [SHA-256 of the report's own, one or more]}, 1 to 20]
witnesses  [{"name", "contact", "role"}, 1 to 10], or left out; the subject is shown the roles alone
proof      {"judgment" | "police" | "dismissal": {"reference", "date"},
            "investigation" | "service": {"exhibit", "date"}}: what `policy.PROOF_FOR` demands, and more if there is
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from registry import policy
from registry.errors import Invalid
from registry.policy import Basis, Proof
from registry.reports import rules
from registry.signing.claims import LIST, Rule, prose, verify_claims

_IN_EXHIBITS: Final = frozenset({Proof.INVESTIGATION, Proof.SERVICE})


def _is_date(value: object) -> bool:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return False
    try:
        return date.fromisoformat(value).year >= 1990
    except ValueError:
        return False


DATE: Final = Rule("a date such as 2026-11-23", _is_date)
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_BREACH: Final = {"date": DATE, "reference": prose(100)}
_NO_BREACH: Final = {"none": prose(500)}
_FACT: Final = {"text": prose(rules.FACT_LENGTH), "exhibits": LIST}
_WITNESS: Final = {"name": prose(80), "contact": prose(200), "role": prose(80)}
_REFERENCE: Final = {"reference": prose(100), "date": DATE}
_EXHIBIT: Final = {"exhibit": prose(64), "date": DATE}


@dataclass(frozen=True, slots=True)
class Breach:
    """The breach notice to the authority, or why there was none."""

    on: date | None
    reference: str | None
    none: str | None


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is alleged, and the exhibits (SHA-256) that show it."""

    text: str = field(repr=False)
    exhibits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the proof; it is a reference, or the SHA-256 of an exhibit."""

    on: date
    reference: str | None = field(default=None, repr=False)
    exhibit: str | None = None


def verify_exhibits(digests: list[Any]) -> None:
    named = {digest for digest in digests if isinstance(digest, str) and _SHA256.fullmatch(digest)}
    if not 1 <= len(digests) <= rules.MAX_EXHIBITS or len(named) != len(digests):
        raise Invalid(
            "exhibits must be 1 to {most} different SHA-256 digests in lower-case hexadecimal",
            field="exhibits",
            most=rules.MAX_EXHIBITS,
        )


def verify_annexes(annexes: Mapping[str, Any], *, exhibits: list[str]) -> None:
    """Raise Invalid unless each annex has a redacted copy of its own, and is no exhibit itself."""
    copies = list(annexes.values())
    own = all(_SHA256.fullmatch(digest) and digest not in exhibits for digest in annexes)
    if not own or any(copy not in exhibits or copies.count(copy) > 1 for copy in copies):
        raise Invalid(
            "annexes must give for the SHA-256 of each annex that of its redacted copy, one of the exhibits",
            field="annexes",
        )


def verify_breach(notice: Mapping[str, Any]) -> None:
    verify_claims(notice, _NO_BREACH if "none" in notice else _BREACH, within="breach_notice")


def verify_facts(facts: list[Any], *, exhibits: list[str]) -> None:
    """Raise Invalid that names the first fact, by its place, that rests on nothing or on what is not in the report."""
    for where, fact in _each("facts", facts, rules.MAX_FACTS):
        verify_claims(fact, _FACT, within=where)
        named = fact["exhibits"]
        if not named or any(named.count(digest) > 1 or digest not in exhibits for digest in named):
            raise Invalid(
                "{where}.exhibits must name one or more of the report's exhibits, each once",
                field=f"{where}.exhibits",
                code="fact-without-evidence",
                where=where,
            )


def verify_witnesses(witnesses: list[Any]) -> None:
    for where, witness in _each("witnesses", witnesses, rules.MAX_WITNESSES):
        verify_claims(witness, _WITNESS, within=where)


def _each(name: str, items: list[Any], most: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each object of a list of 1 to `most` with its name; Invalid when it is no such list."""
    if not 1 <= len(items) <= most or not all(isinstance(item, dict) for item in items):
        raise Invalid("{name} must be a list of 1 to {most} JSON objects", field=name, name=name, most=most)
    yield from ((f"{name}[{place}]", item) for place, item in enumerate(items))


def verify_proof(proof: Mapping[str, Any], *, basis: Basis, exhibits: list[str]) -> None:
    """Raise Invalid unless the proof has what the standard demands; each part is a reference or one of the exhibits."""
    for part in sorted(policy.PROOF_FOR[basis] - proof.keys()):
        raise Invalid(
            "proof.{part} is missing: standard {basis} demands it",
            field=f"proof.{part}",
            code="proof-missing",
            part=part,
            basis=basis,
        )
    if proof.keys() - {part.value for part in Proof}:
        raise Invalid(
            "proof may only have {allowed}", field="proof", code="claim-unknown", allowed=tuple(sorted(Proof))
        )
    for name, said in proof.items():
        if not isinstance(said, dict):
            raise Invalid("proof.{name} must be a JSON object", field=f"proof.{name}", name=name)
        verify_claims(said, _EXHIBIT if name in _IN_EXHIBITS else _REFERENCE, within=f"proof.{name}")
        if name in _IN_EXHIBITS and said["exhibit"] not in exhibits:
            raise Invalid("proof.{name}.exhibit must be one of the report's", field=f"proof.{name}.exhibit", name=name)
    _verify_served_after(proof)


def _verify_served_after(proof: Mapping[str, Any]) -> None:
    signed, served = (proof.get(part) for part in (Proof.INVESTIGATION, Proof.SERVICE))
    if signed and served and served["date"] < signed["date"]:
        raise Invalid("proof.service.date must not be before the investigation was signed", field="proof.service.date")


def breach_of(notice: Mapping[str, Any]) -> Breach:
    if "none" in notice:
        return Breach(None, None, notice["none"])
    return Breach(date.fromisoformat(notice["date"]), notice["reference"], None)


def facts_of(payload: Mapping[str, Any]) -> tuple[Fact, ...]:
    return tuple(Fact(fact["text"], tuple(fact["exhibits"])) for fact in payload["facts"])


def proof_of(payload: Mapping[str, Any]) -> Mapping[Proof, Part]:
    return {
        Proof(name): Part(date.fromisoformat(said["date"]), said.get("reference"), said.get("exhibit"))
        for name, said in payload["proof"].items()
    }


def for_subject(words: Mapping[str, Any]) -> dict[str, Any]:
    """The words of a report as the accused reads them: who witnessed is told by role, not by name or address."""
    if "witnesses" not in words:
        return dict(words)
    return {**words, "witnesses": [{"role": witness["role"]} for witness in words["witnesses"]]}
