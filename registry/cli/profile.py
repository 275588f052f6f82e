"""What the commands of a member's system share: the profile, the pinned keys, exit code 5."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

import click

from registry.cli.context import Context
from registry.client import pins
from registry.client.api import Profile, Registry
from registry.client.pins import Pins, Untrusted
from registry.config import ClientSection, ClientSettings
from registry.errors import Invalid
from registry.identity.document import RESIDENT, Document, parse
from registry.log import quorum
from registry.signing import keys

UNTRUSTED = 5
_PINNED = ("identity", "issuer", "jwks", "limits", "log")
_P = ParamSpec("_P")
_R = TypeVar("_R")

as_account = click.option("--as", "account", metavar="ACCOUNT", help="Profile [client.ACCOUNT] of the configuration.")
keys_file = click.option(
    "--keys",
    "keys_path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The registry's pinned keys. Default: ACCOUNT.registry.json beside the client's key, made at the first "
    "contact; later ones are refused when a key has changed.",
)
document_type = click.option(
    "--type", "type", default=RESIDENT, show_default=True, help="CN-RIC, CN-HMT, CN-FPR or PASSPORT:<country>."
)


def untrusted_exits(command: Callable[_P, _R]) -> Callable[_P, _R]:
    """Exit code 5 when what the registry said does not verify."""

    @functools.wraps(command)
    def run(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return command(*args, **kwargs)
        except Untrusted as refused:
            click.echo(f"zilu: {refused.message}", err=True)
            sys.exit(UNTRUSTED)

    return run


def connect(context: Context, account: str | None, *, scope: str, keys_path: Path | None) -> Registry:
    """The registry, its keys compared with the pinned ones, or pinned now for the first time."""
    name, section = chosen(context.profiles, account)
    profile = Profile(
        issuer=context.profiles.registry.issuer,
        account=section.account,
        client_key=keys.load(section.client_key, field=f"client.{name}.client_key"),
        signing_key=keys.load(section.signing_key, field=f"client.{name}.signing_key") if section.signing_key else None,
        policy=quorum.load(section.policy) if section.policy else None,
    )
    registry = Registry(profile, scope=scope, clock=context.profiles.clock)
    path = keys_path or pins_path(section)
    if keys_path is None and not path.exists():
        _pin_first(registry, path)
    else:
        registry.pin(pins.load(path, issuer=profile.issuer))
    return registry


def chosen(settings: ClientSettings, account: str | None) -> tuple[str, ClientSection]:
    """The profile of that name or account, or the only one."""
    profiles = settings.client
    if account is None and len(profiles) == 1:
        return next(iter(profiles.items()))
    for name, section in profiles.items():
        if account in (name, section.account):
            return name, section
    known = f"name one with --as: {', '.join(profiles)}" if profiles else "write one as [client.ACCOUNT]"
    raise Invalid(f"the configuration has no such profile; {known}", field="as")


def pins_path(section: ClientSection) -> Path:
    return section.client_key.with_name(f"{section.account}.registry.json")


def pinned(context: Context, account: str | None, keys_path: Path | None, policy_path: Path | None = None) -> Pins:
    """The pinned keys from their file, and the policy from its own or the profile's, without asking anybody."""
    policy = quorum.load(policy_path) if policy_path else None
    if keys_path is not None:
        document = pins.read_document(keys_path)
        return Pins.read(document, issuer=str(document.get("issuer"))).under(policy)
    _, section = chosen(context.profiles, account)
    if policy is None and section.policy is not None:
        policy = quorum.load(section.policy)
    return pins.load(pins_path(section), issuer=context.profiles.registry.issuer).under(policy)


def typed_number(type: str) -> Document:
    """One number from the prompt, unseen, or the first line of standard input; never from the command line."""
    if sys.stdin.isatty():
        return parse(click.prompt("Number of the identity document", hide_input=True, err=True), type)
    return parse(sys.stdin.readline(), type)


def printable(value: object) -> str:
    """What somebody else wrote, without anything that could steer the terminal."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in str(value))


def _pin_first(registry: Registry, path: Path) -> None:
    document = registry.pin()
    pins.store(path, {name: document[name] for name in _PINNED})
    click.echo(
        f"The registry's keys are pinned in {path}; compare them with those that the operator gave you.", err=True
    )
