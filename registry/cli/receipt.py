"""`zilu receipt verify`: does a receipt hold, and does it stand in the log? Offline, against the pinned keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from registry.cli.context import Context
from registry.cli.profile import as_account, connect, keys_file, pinned, untrusted_exits
from registry.client import receipts
from registry.client.pins import Untrusted
from registry.clock import rfc3339
from registry.errors import Invalid
from registry.log.receipt import Verified
from registry.signing import copies


@click.group()
def receipt() -> None:
    """The registry's signed answers, as you keep them."""


@receipt.command("verify", epilog="Exit codes: 0 it holds; 2 bad input; 5 it does not.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--member", help="The member that it must be for.")
@click.option("--fetch", is_flag=True, help="First get the log's proofs from the registry, and keep them in FILE.")
@click.option(
    "--policy",
    "policy_path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="C2SP tlog-policy: the witnesses that must have cosigned. Default: the profile's policy.",
)
@as_account
@keys_file
@click.pass_obj
@untrusted_exits
def verify(
    context: Context,
    file: Path,
    member: str | None,
    fetch: bool,
    policy_path: Path | None,
    account: str | None,
    keys_path: Path | None,
) -> None:
    """Verify FILE without asking anybody: the registry's signature over these answers, and their place in the log."""
    document = receipts.load(file)
    if fetch:
        document = _fetched(context, file, document, account, keys_path)
    verified = receipts.verify(document, pinned(context, account, keys_path, policy_path), member=member)
    click.echo(_sentence(verified))


@receipt.command("verify-copy", epilog="Exit codes: 0 it holds; 2 bad input; 5 it does not.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@as_account
@keys_file
@click.pass_obj
@untrusted_exits
def verify_copy(context: Context, file: Path, account: str | None, keys_path: Path | None) -> None:
    """Verify the signed copy of a case's file in FILE, JSON or PDF, without asking anybody."""
    pins = pinned(context, account, keys_path)
    try:
        copy = copies.verify(_read(file), key_for=pins.receipt_keys.__getitem__)
    except Invalid as refused:
        if refused.code in ("copy-malformed", "file-unreadable"):
            raise
        raise Untrusted(refused.message) from None
    click.echo(f"verified: the file of case {copy.case}, as {copy.issuer} gave it at {rfc3339(copy.at)}")


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as failed:
        raise Invalid(f"{file} cannot be read ({failed.strerror})", field="file", code="file-unreadable") from None


def _fetched(
    context: Context, file: Path, document: dict[str, Any], account: str | None, keys_path: Path | None
) -> dict[str, Any]:
    registry = connect(context, account, scope="check", keys_path=keys_path)
    batch = receipts.verify(document, registry.pins).receipt.jti
    proven = receipts.attach_proof(registry, document, batch=batch)
    if proven is None:
        raise Invalid("the log has no proof yet; try again in a minute", field="proof")
    settled = receipts.settle(registry, proven, batch=batch)
    receipts.replace(file, settled)
    return settled


def _sentence(verified: Verified) -> str:
    receipt = verified.receipt
    given = f"{verified.count} answers, given to {receipt.member} at {rfc3339(verified.at)} by {receipt.issuer}"
    if not verified.proven:
        owed = f"the log owes its proof by {rfc3339(receipt.deadline)}"
        return f"verified, a promise until it is logged: {given}; {owed}"
    return f"verified and logged: {given}; {_completeness(verified)}"


def _completeness(verified: Verified) -> str:
    if not verified.unsettled:
        return "a snapshot beside them says the same of everyone"
    return f"of {len(verified.unsettled)} no snapshot is shown (--fetch gets it within a day)"
