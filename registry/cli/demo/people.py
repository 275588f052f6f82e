"""Who plays in the demo: members, accounts, passwords and keys, as the operator would set them up."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from registry.access import Actor
from registry.accounts.actions import actor_of, enrol_client, open_account
from registry.accounts.rules import Role, Scope
from registry.cli.demo.stage import Stage
from registry.cli.init import establish, write_settings
from registry.config import load
from registry.db import Session
from registry.keys.actions import enrol
from registry.members.actions import admit
from registry.members.models import Kind
from registry.signing import keys

MEMBERS: Mapping[str, tuple[str, Kind, int]] = {
    "acme": ("Acme Express", Kind.CARRIER, 21_000),
    "birch": ("Birch Parcel", Kind.CARRIER, 12_000),
    "cedar": ("Cedar Freight", Kind.CARRIER, 4_000),
    "dora": ("Dora Courier", Kind.CARRIER, 2_500),
    "association": ("Express Association", Kind.ASSOCIATION, 0),
    "law-school": ("Law School Legal Clinic", Kind.ASSOCIATION, 0),
    "union": ("Couriers' Union", Kind.ASSOCIATION, 0),
    "bar": ("Bar Association", Kind.ASSOCIATION, 0),
    "college": ("Logistics College", Kind.ASSOCIATION, 0),
    "consumers": ("Consumers' Council", Kind.ASSOCIATION, 0),
    "notary": ("City Notary Office", Kind.VERIFIER, 0),
    "regulator": ("Postal Regulator", Kind.REGULATOR, 0),
}


@dataclass(frozen=True)
class Part:
    """An account of the demo and what it is there for."""

    member: str
    name: str
    roles: tuple[Role, ...]
    scopes: tuple[Scope, ...] = ()
    signs: bool = False


PARTS: Mapping[str, Part] = {
    "acme-security": Part("acme", "Rui Zhang", (Role.REPORTER,), (Scope.REPORT,), signs=True),
    "acme-approver": Part("acme", "Ana Sun", (Role.APPROVER,), (Scope.REPORT,), signs=True),
    "birch-hr": Part("birch", "Hana Li", (Role.CHECKER,), (Scope.CHECK,), signs=True),
    "cedar-hr": Part("cedar", "Chen Wu", (Role.CHECKER,), (Scope.CHECK,), signs=True),
    "cedar-panel": Part("cedar", "Cem Guo", (Role.PANELIST,), (Scope.ROSTER,)),
    "dora-panel": Part("dora", "Dag He", (Role.PANELIST,), (Scope.ROSTER,)),
    "law-panel": Part("law-school", "Lin Xu", (Role.PANELIST,), (Scope.ROSTER,)),
    "union-panel": Part("union", "Uma Ma", (Role.PANELIST,), (Scope.ROSTER,)),
    "bar-panel": Part("bar", "Pia Lu", (Role.PANELIST,), (Scope.ROSTER,)),
    "college-panel": Part("college", "Tao Jin", (Role.PANELIST,), (Scope.ROSTER,)),
    "consumers-panel": Part("consumers", "Qin Bai", (Role.PANELIST,), (Scope.ROSTER,)),
    "clerk": Part("association", "Cleo Tang", (Role.CLERK,), (Scope.ROSTER,)),
    "screener": Part("association", "Sol Yu", (Role.SCREENER,), (Scope.ROSTER,)),
    "notary": Part("notary", "Vera Shen", (Role.VERIFIER,), (Scope.ROSTER,), signs=True),
    "notary-2": Part("notary", "Vic Lin", (Role.VERIFIER,)),
    "inspector": Part("regulator", "Rex Luo", (Role.REGULATOR,), (Scope.AUDIT,)),
}
PANEL = tuple(account for account, part in PARTS.items() if Role.PANELIST in part.roles)
PROFILE = """
[client.{account}]
account = "{account}"
client_key = "people/{account}/client.pem"
"""


@dataclass(frozen=True)
class Company:
    """The cast with its password and keys."""

    password: str = field(repr=False)
    keys: Mapping[str, keys.PrivateKey] = field(repr=False)  # signing keys by account


def found(stage: Stage, *, issuer: str, port: int) -> Company:
    """Found the registry at the story's beginning and let the operator admit everyone."""
    story = {"clock_file": "clock", "second_factor": "offered"}  # so that a newcomer signs in with a password alone
    write_settings(stage.folder, issuer=issuer, name="Demo consortium", port=port, workers=1, **story)
    stage.at(0)
    password = secrets.token_urlsafe(12)
    establish(load(stage.config), operator="operator", password=password)
    people = stage.folder / "people"
    client_keys = {account: _key(people / account / "client.pem") for account, part in PARTS.items() if part.scopes}
    signing_keys = {account: _key(people / account / "signing.pem") for account, part in PARTS.items() if part.signs}
    _admit(stage, password, client_keys, stage.settings.clock())
    _enrol(stage, signing_keys, stage.settings.clock())
    with stage.config.open("a") as file:
        for account in client_keys:
            file.write(PROFILE.format(account=account))
            if account in signing_keys:
                file.write(f'signing_key = "people/{account}/signing.pem"\n')
    return Company(password, signing_keys)


def _key(path: Path) -> keys.PrivateKey:
    path.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
    key = keys.generate()
    keys.store(path, key)
    return key


def _admit(stage: Stage, password: str, client_keys: Mapping[str, keys.PrivateKey], now: datetime) -> None:
    """The operator admits each member and opens its administrator's account; the administrators open the rest."""
    with stage.run.store.write() as session:
        operator = actor_of(session, "operator")
        for member, (name, kind, headcount) in MEMBERS.items():
            admit(session, id=member, name=name, kind=kind, headcount=headcount, actor=operator.id, now=now)
            admin = Part(member, f"{name} admin", (Role.MEMBER_ADMIN,))
            _open(session, f"{member}-admin", admin, password, operator, now)
        for account, part in PARTS.items():
            actor = actor_of(session, f"{part.member}-admin")
            _open(session, account, part, password, actor, now)
            if account in client_keys:
                jwk = keys.to_jwk(client_keys[account].public_key())
                enrol_client(session, account_id=account, jwk=jwk, scopes=part.scopes, actor=actor, now=now)


def _open(session: Session, account: str, part: Part, password: str, actor: Actor, now: datetime) -> None:
    open_account(
        session,
        id=account,
        member_id=part.member,
        name=part.name,
        roles=part.roles,
        password=password,
        actor=actor,
        now=now,
    )


def _enrol(stage: Stage, signing_keys: Mapping[str, keys.PrivateKey], now: datetime) -> None:
    """Each member's own administrator enrols its signing keys."""
    with stage.run.store.write() as session:
        for account, key in signing_keys.items():
            admin = actor_of(session, f"{PARTS[account].member}-admin")
            enrol(session, actor=admin, account_id=account, jwk=keys.to_jwk(key.public_key()), now=now)


def sign_ins(stage: Stage, company: Company, notes: Mapping[str, str]) -> str:
    """What the reader needs to look around, also written to sign-in.txt."""
    issuer = stage.settings.registry.issuer
    lines = [
        f"Sign in at {issuer}/sign-in with the password  {company.password}  as",
        *(f"  {account:<17} {', '.join(part.roles):<14} of {part.member}" for account, part in PARTS.items()),
        *(f"  {member + '-admin':<17} {'member-admin':<14} of {member}" for member in MEMBERS),
        "  operator          operator",
        *(f"{what}: {value}" for what, value in notes.items()),
    ]
    text = "\n".join(lines)
    path = stage.folder / "sign-in.txt"
    path.touch(mode=0o600)
    path.write_text(text + "\n")
    return text


def draft(stage: Stage, name: str, content: Mapping[str, object]) -> Path:
    """A report's draft as a file, as acme's security desk would write it."""
    path = stage.folder / "drafts" / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2))
    return path
