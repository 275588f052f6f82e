"""A case is forgotten while the identity key is rotated: nothing under either key is left, and the rotation goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from registry.db import Base, truncate_journal
from registry.errors import Invalid
from registry.identity import tags
from registry.keyholder.answers import Ceilings
from registry.keys.holder import Holder
from registry.keys.models import Moved, Renamed
from registry.policy import ROTATION_GRACE
from tests.conftest import KEYRING, key_holder
from tests.functional.rotation.conftest import House
from tests.unit.erasures.test_erasures import Forgetting, Prepared, canaries_of, copied, in_files, prepare


@pytest.fixture(scope="module")
def holder() -> Iterator[Holder]:
    with key_holder(Ceilings(10**6, 10**6, 10**6)) as socket:
        yield Holder(socket)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, holder: Holder) -> Prepared:
    return prepare(tmp_path_factory.mktemp("rotating"), holder)


@pytest.fixture
def file(prepared: Prepared, tmp_path: Path) -> Iterator[Forgetting]:
    yield from copied(prepared, tmp_path)


@pytest.fixture
def house(file: Forgetting, holder: Holder) -> House:
    return House(file.store, file.cast, holder, file.clock)


def cosigned_then_moved(file: Forgetting, house: House) -> None:
    file.cosigned()
    while house.moved():
        pass


def moved_then_cosigned(file: Forgetting, house: House) -> None:
    while house.moved():
        pass
    file.cosigned()


def cosigned_then_switched(file: Forgetting, house: House) -> None:
    file.cosigned()
    house.rotated()


def switched_then_cosigned(file: Forgetting, house: House) -> None:
    file.voided()
    house.rotated()
    file.signed()


MOMENTS: list[Callable[[Forgetting, House], None]] = [
    cosigned_then_moved,
    moved_then_cosigned,
    cosigned_then_switched,
    switched_then_cosigned,
]


SIZES = (tags.SEALED_SIZE, tags.EACH_SIZE)


def opened(file: Forgetting, holder: Holder) -> set[bytes]:
    """Every tag that anything in the database opens to, with the key holder's help."""
    found: set[bytes] = set()
    with file.store.read() as session:
        for table in Base.metadata.tables.values():
            for row in session.execute(sa.select(table)):
                sealed = (
                    value
                    for value in row
                    if isinstance(value, bytes) and len(value) in (tags.SEALED_SIZE, tags.EACH_SIZE)
                )
                found.update(*(_opened(holder, value) for value in sealed))
    return found


def _opened(holder: Holder, value: bytes) -> list[bytes]:
    try:
        return [tag for part in holder.open_sealed([value]) for tag in part]
    except Invalid:
        return []


@pytest.mark.parametrize("reach", MOMENTS)
def test_nothing_in_any_file_opens_or_matches_the_person_under_either_key(
    file: Forgetting, house: House, tmp_path: Path, reach: Callable[[Forgetting, House], None]
) -> None:
    old = file.accused.filing.tag
    reach(file, house)
    (new,) = house.holder.move_sealed([file.case().sealed_tag or b""]).moved[0]
    canaries = {**canaries_of(file), "next handle": tags.handle(KEYRING.pepper, new)}
    with file.store.read() as session:
        for moved in session.scalars(sa.select(Moved)):
            canaries[moved.source] = moved.sealed_next
    assert in_files(tmp_path, canaries) == set(canaries)
    assert opened(file, house.holder) >= {old, new}
    file.execute()
    file.sequenced()
    truncate_journal(file.store)
    assert in_files(tmp_path, {**canaries, "tag": old, "next tag": new}) == set()
    assert opened(file, house.holder).isdisjoint({old, new})
    assert file.audit() == ()


@pytest.mark.parametrize("reach", MOMENTS)
def test_the_rotation_goes_on_to_its_end(
    file: Forgetting, house: House, reach: Callable[[Forgetting, House], None]
) -> None:
    reach(file, house)
    file.execute()
    rotation = house.rotated()
    file.clock.move(ROTATION_GRACE)
    house.verified()
    while house.settle_some(rotation):
        pass
    with file.store.read() as session:
        assert session.scalars(sa.select(Moved)).all() == session.scalars(sa.select(Renamed)).all() == []
    assert file.sequenced().audit() == ()
