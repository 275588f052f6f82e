"""Evidence: taken in once, bound to one case, opened by those on it."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from registry import vault
from registry.cases.actions import key_of, unseal_bytes
from registry.cases.models import Case
from registry.db import Store
from registry.errors import Conflict, Forbidden, Invalid, NotFound
from registry.keys.holder import Holder
from registry.log.models import Act
from registry.reports import exhibits, rules, statement
from registry.reports.contents import Kind
from registry.reports.models import Exhibit
from tests.cast import Cast, Person
from tests.conftest import ISSUER
from tests.filing import ANNEX, ANNEXES, EXHIBIT, SHA256, Filing, any_tag, claims


def put(store: Store, person: Person, data: bytes, now: datetime, sha256: str | None = None) -> Exhibit:
    with store.write() as session:
        digest = sha256 if sha256 is not None else hashlib.sha256(data).hexdigest()
        return exhibits.put_exhibit(session, actor=person.actor, sha256=digest, data=data, now=now)


def acts(store: Store) -> int:
    with store.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Act)) or 0


def test_an_upload_waits_under_the_vault_key(store: Store, cast: Cast, tmp_path: Path, now: datetime) -> None:
    exhibit = put(store, cast.rui, EXHIBIT, now)
    assert (exhibit.kind, exhibit.size, exhibit.case_id) == (Kind.CSV, len(EXHIBIT), None)
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("registry.db*"))
    assert b"courier-7" not in stored
    assert SHA256.encode() not in stored
    assert bytes.fromhex(SHA256) not in stored


def test_the_same_upload_again_changes_nothing(store: Store, cast: Cast, now: datetime) -> None:
    first = put(store, cast.rui, EXHIBIT, now)
    before = acts(store)
    assert put(store, cast.rui, EXHIBIT, now).id == first.id
    assert acts(store) == before


@pytest.mark.parametrize("sha256", ["", "ab" * 32, SHA256.upper(), "身份证"])
def test_the_digest_must_be_the_bytes_own(store: Store, cast: Cast, now: datetime, sha256: str) -> None:
    with pytest.raises(Invalid) as refused:
        put(store, cast.rui, EXHIBIT, now, sha256)
    assert refused.value.field == "sha256"


def test_bytes_of_another_kind_are_refused(store: Store, cast: Cast, now: datetime) -> None:
    with pytest.raises(Invalid) as refused:
        put(store, cast.rui, b"PK\x03\x04" + bytes(100), now)
    assert refused.value.code == "exhibit-kind"


@pytest.mark.parametrize("name", ["ana", "hana", "sol", "cleo", "rex", "olaf"])
def test_only_a_reporter_uploads(store: Store, cast: Cast, now: datetime, name: str) -> None:
    with pytest.raises(Forbidden):
        put(store, cast[name], EXHIBIT, now)


def test_a_member_fills_the_registry_with_no_more_than_its_share(
    store: Store, cast: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "WAITING_EXHIBITS", 2)
    for text in (b"one", b"two"):
        put(store, cast.rui, text, now)
    with pytest.raises(Conflict, match="file the reports that name them first"):
        put(store, cast.rui, b"three", now)
    put(store, cast.rui, b"two", now)
    put(store, cast.ben, b"three", now)


def test_filing_seals_the_evidence_under_its_case(store: Store, cast: Cast, holder: Holder, now: datetime) -> None:
    filing = Filing(store, cast, holder, now)
    with store.read() as session:
        exhibit = session.scalars(sa.select(Exhibit)).one()
        assert exhibit.case_id == filing.case_id
        key = key_of(session, session.get_one(Case, filing.case_id))
        assert unseal_bytes(key, exhibit, "sealed_content") == EXHIBIT
        with pytest.raises(vault.CannotOpen):
            vault.open_sealed(
                session.keyring.vault_key,
                exhibit.sealed_content,
                table="exhibit",
                row=exhibit.id,
                column="sealed_content",
            )


def test_two_reports_with_the_same_evidence_have_a_copy_each(
    store: Store, cast: Cast, holder: Holder, now: datetime
) -> None:
    for seed in (1, 2):
        Filing(store, cast, holder, now, any_tag(seed))
    with store.read() as session:
        assert len(set(session.scalars(sa.select(Exhibit.case_id)))) == 2


def test_another_members_upload_is_no_evidence_of_ours(store: Store, cast: Cast, holder: Holder, now: datetime) -> None:
    filing = Filing(store, cast, holder, now)
    put(store, cast.ben, b"birch's own", now)
    with store.write() as session, pytest.raises(Invalid) as refused:
        key = key_of(session, session.get_one(Case, filing.case_id))
        digest = hashlib.sha256(b"birch's own").hexdigest()
        exhibits.bind(session, member_id="acme", digests=[digest], key=key)
    assert refused.value.code == "exhibit-missing"


def test_those_on_the_case_open_it_and_each_opening_is_logged(
    store: Store, cast: Cast, holder: Holder, now: datetime
) -> None:
    filing = Filing(store, cast, holder, now).countersigned(now)
    for name in ("rui", "ana", "sol", "rex"):
        before = acts(store)
        with store.write() as session:
            opened = exhibits.open_exhibit(session, actor=cast[name].actor, report_id=filing.id, sha256=SHA256, now=now)
        assert (opened.data, opened.kind) == (EXHIBIT, Kind.CSV)
        assert acts(store) == before + 1
    with store.write() as session:
        opened = exhibits.open_as_subject(session, case_id=filing.case_id, sha256=SHA256, now=now)
    assert opened.data == EXHIBIT


@pytest.mark.parametrize("name", ["ben", "hana", "cleo", "olaf", "eva"])
def test_nobody_else_opens_it(store: Store, cast: Cast, holder: Holder, now: datetime, name: str) -> None:
    filing = Filing(store, cast, holder, now)
    with pytest.raises(Forbidden), store.write() as session:
        exhibits.open_exhibit(session, actor=cast[name].actor, report_id=filing.id, sha256=SHA256, now=now)


def test_a_screener_opens_it_only_while_they_screen(store: Store, cast: Cast, holder: Holder, now: datetime) -> None:
    filing, sol = Filing(store, cast, holder, now), cast.sol.actor
    for advance in (lambda: None, lambda: filing.countersigned(now).screened(now)):
        advance()
        with pytest.raises(Forbidden, match="while the report waits"), store.write() as session:
            exhibits.open_exhibit(session, actor=sol, report_id=filing.id, sha256=SHA256, now=now)


def test_a_panelist_has_no_way_round_their_appeal(store: Store, cast: Cast, holder: Holder, now: datetime) -> None:
    filing = Filing(store, cast, holder, now)
    with pytest.raises(Forbidden, match="through the appeal"), store.write() as session:
        exhibits.open_exhibit(session, actor=cast.cem.actor, report_id=filing.id, sha256=SHA256, now=now)


def test_an_annex_is_bound_to_its_copy_and_opened_by_nobody(
    store: Store, cast: Cast, holder: Holder, now: datetime
) -> None:
    (annex,) = ANNEXES
    filing = Filing(store, cast, holder, now, annexes=ANNEXES)
    for name in ("rui", "ana", "rex"):
        with pytest.raises(NotFound), store.write() as session:
            exhibits.open_exhibit(session, actor=cast[name].actor, report_id=filing.id, sha256=annex, now=now)
    with pytest.raises(NotFound), store.write() as session:
        exhibits.open_as_subject(session, case_id=filing.case_id, sha256=annex, now=now)
    with store.read() as session:
        row = exhibits.annex_of(session, case_id=filing.case_id, sha256=SHA256)
        assert row is not None
        key = key_of(session, session.get_one(Case, filing.case_id))
        assert unseal_bytes(key, row, "sealed_content") == ANNEX


@pytest.mark.parametrize(
    "annexes",
    [
        {"x": SHA256},
        {"ab" * 32: "cd" * 32},
        {SHA256: SHA256},
        {"ab" * 32: SHA256, "cd" * 32: SHA256},
        {"ab" * 32: 5},
    ],
)
def test_an_annex_has_one_copy_of_its_own_among_the_exhibits(cast: Cast, now: datetime, annexes: object) -> None:
    payload = claims(cast.rui, any_tag(), now, annexes=annexes)
    with pytest.raises(Invalid) as refused:
        statement.read(payload, member_id="acme", issuer=ISSUER)
    assert refused.value.field == "annexes"


def test_an_annex_that_is_not_uploaded_is_missing(store: Store, cast: Cast, holder: Holder, now: datetime) -> None:
    filing = Filing(store, cast, holder, now)
    put(store, cast.rui, b"a redacted copy", now)
    copy = hashlib.sha256(b"a redacted copy").hexdigest()
    with pytest.raises(Invalid) as refused, store.write() as session:
        key = key_of(session, session.get_one(Case, filing.case_id))
        exhibits.bind(session, member_id="acme", digests=[copy], annexes={"ab" * 32: copy}, key=key)
    assert (refused.value.field, refused.value.code) == ("annexes[0]", "exhibit-missing")


def test_evidence_of_another_case_is_not_found(store: Store, cast: Cast, holder: Holder, now: datetime) -> None:
    filing = Filing(store, cast, holder, now)
    with pytest.raises(NotFound), store.write() as session:
        exhibits.open_as_subject(session, case_id=filing.case_id, sha256="ab" * 32, now=now)
    with pytest.raises(Invalid), store.write() as session:
        exhibits.open_as_subject(session, case_id=filing.case_id, sha256="..", now=now)
