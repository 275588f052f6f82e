"""A report about somebody whom the registry does not know yet, signed before the switch and sent after it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from registry.entries.queries import visible
from registry.errors import Invalid
from registry.keys.holder import Holder
from registry.keys.rotations import handle_of
from registry.reports.actions import countersign, file
from registry.reports.models import Report
from registry.reports.versions import replace
from tests.at_once import Both, both, pg_server, pg_url
from tests.attested import unattested
from tests.conftest import ISSUER, MovingClock
from tests.filing import CONTACT, Filing, claims, countersignature, sign, tag_of
from tests.functional.rotation.conftest import House

__all__ = ["both", "pg_server", "pg_url"]

SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def house(both: Both, holder: Holder, clock: MovingClock) -> House:
    store, cast = both
    return House(store, cast, holder, clock)


def is_found(house: House, entry_id: str, tag: bytes) -> bool:
    """By whoever asks about the person under the new key, when the window has closed."""
    with house.store.write() as session:
        handle = handle_of(session, tag)
        shown = visible(session, [handle], house.clock() + 31 * DAY).get(handle)
    return shown is not None and shown.id == entry_id


def test_what_was_signed_before_the_switch_is_signed_again_and_finds_the_person(house: House) -> None:
    old, signs = tag_of(house.holder), house.cast.rui
    early = sign(signs, claims(signs, old, house.clock()))
    house.clock.move(MINUTE)
    house.rotated()
    ahead = sign(signs, claims(signs, old, house.clock() + MINUTE - SECOND))  # by a clock that runs ahead
    sealing = house.holder.public().sealing_public
    for token in (early, ahead):
        with pytest.raises(Invalid, match="sign after 2026-03-02 09:02:00 UTC") as refused, house.store.write() as s:
            file(
                s, actor=signs.actor, token=token, contact=CONTACT, issuer=ISSUER, sealing_public=sealing,
                now=house.clock(),
            )  # fmt: skip
        assert (refused.value.code, refused.value.field) == ("tag-outdated", "sub")
    house.clock.move(MINUTE)
    (new,) = house.holder.move([old])
    entry = Filing(house.store, house.cast, house.holder, house.clock(), tag=new).listed(house.clock())
    assert is_found(house, entry.id, new)
    assert unattested(house.store) == set()


def test_what_was_filed_before_the_switch_is_edited_and_countersigned_under_the_new_key(house: House) -> None:
    old, rui, ana = tag_of(house.holder), house.cast.rui, house.cast.ana
    filing = Filing(house.store, house.cast, house.holder, house.clock(), tag=old)
    late, edit = (
        countersignature(ana, filing.filed.report, old, house.clock()),
        sign(rui, claims(rui, old, house.clock(), term_days=200)),
    )
    house.clock.move(MINUTE)
    rotation = house.rotated()
    (new,) = house.holder.move([old])
    house.clock.move(2 * DAY)
    while house.settle_some(rotation):
        pass

    def edited(token: str) -> Report:
        with house.store.write() as session:
            return replace(
                session, actor=rui.actor, report_id=filing.id, token=token, contact=CONTACT, issuer=ISSUER,
                now=house.clock(),
            )  # fmt: skip

    with pytest.raises(Invalid, match="enter the number again"), house.store.write() as session:
        countersign(session, actor=ana.actor, report_id=filing.id, token=late, issuer=ISSUER, now=house.clock())
    with pytest.raises(Invalid, match="enter the number again"):
        edited(edit)
    filing.filed.report.statement_digest = edited(sign(rui, claims(rui, new, house.clock()))).statement_digest
    filing.tag = new
    assert is_found(house, filing.listed(house.clock()).id, new)
