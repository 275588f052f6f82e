"""What was drawn can be drawn again; whatever is changed behind the registry's back, the redraw names it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from registry import base64url, vault
from registry.appeals import draw, queries
from registry.appeals.models import Draw, Seat
from registry.appeals.redraw import Redrawn, redraw
from registry.cases.actions import key_of
from registry.cases.models import Case
from registry.cli import main
from registry.cli.init import write_settings
from registry.errors import NotFound
from registry.log.actions import record
from registry.log.models import Act, LeafType
from tests.conftest import KEYRING
from tests.unit.appeals.contest import NONCE, Contest, more_panelists


def repeated(contest: Contest) -> list[Redrawn]:
    with contest.store.read() as session:
        return redraw(session, session.get_one(Case, contest.case_id))


def tamper(contest: Contest, table: type[Any], **values: Any) -> None:
    """Past every action and every act, as somebody with the database would."""
    with contest.store.write() as session:
        session.execute(sa.update(table).values(**values).execution_options(synchronize_session=False))


def test_the_draw_repeats(drawn: Contest) -> None:
    (again,) = repeated(drawn)
    assert again == Redrawn(drawn.number, True, tuple(seat.account_id for seat in drawn.seats()), ())


def test_it_repeats_after_a_replacement(drawn: Contest) -> None:
    with drawn.store.write() as session:
        appeal = queries.get(session, drawn.appeal().id)
        draw.step_down(session, actor=drawn.panel()[1], appeal=appeal, now=drawn.now)
    (again,) = repeated(drawn.sequence())
    assert again.differs == ()
    assert again.seats == tuple(seat.account_id for seat in drawn.seats())


def test_both_instances_repeat(contest: Contest) -> None:
    more_panelists(contest.store, contest.cast.olaf.actor, contest.now)
    contest.decided().contest().admit().draw(b"2" * 32)
    assert [(r.name, r.differs) for r in repeated(contest)] == [(contest.number, ()), (f"{contest.number}/2", ())]


def test_a_panel_that_is_not_drawn_yet_is_said_to_be_so(contest: Contest) -> None:
    contest.admitted()
    assert repeated(contest) == [Redrawn(contest.number, False, (), ())]


def test_a_case_without_a_draw_is_not_found(contest: Contest) -> None:
    with pytest.raises(NotFound):
        repeated(contest)


def _pool_less(row: Draw) -> dict[str, Any]:
    return {"pool": row.pool[1:]}


def _pool_more(row: Draw) -> dict[str, Any]:
    return {"pool": [*row.pool, ["zoe-panel", "zoo"]]}


def _pool_other(row: Draw) -> dict[str, Any]:
    return {"pool": [[row.pool[0][0], "zoo"], *row.pool[1:]]}


def _flipped(column: str) -> Callable[[Draw], dict[str, Any]]:
    def change(row: Draw) -> dict[str, Any]:
        value: bytes = getattr(row, column)
        return {column: bytes([value[0] ^ 1]) + value[1:]}

    return change


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (_pool_less, "the pool"),
        (_pool_more, "the pool"),
        (_pool_other, "the pool"),
        (_flipped("root"), "the pool"),
        (_flipped("nonce"), "the nonce"),
        (_flipped("message"), "the message"),
        (_flipped("v"), "V"),
        (_flipped("proof"), "V"),
        (lambda row: {"name": "ZL-0000-0000"}, "the draw's name"),
    ],
)
def test_a_changed_draw_is_named(drawn: Contest, change: Callable[[Draw], dict[str, Any]], named: str) -> None:
    with drawn.store.read() as session:
        row = session.query(Draw).one()
    tamper(drawn, Draw, **change(row))
    (again,) = repeated(drawn)
    assert any(difference.startswith(named) for difference in again.differs)


@pytest.mark.parametrize("column", ["v", "proof"])
def test_a_missing_answer_of_the_holder_is_named(drawn: Contest, column: str) -> None:
    tamper(drawn, Draw, **{column: None})
    (again,) = repeated(drawn)
    assert any(difference.startswith("V") for difference in again.differs)


def test_another_person_on_a_seat_is_named(drawn: Contest) -> None:
    seated = {seat.account_id for seat in drawn.seats()}
    (outsider,) = {"cedar-panel", "dora-panel", "law-panel", "union-panel"} - seated
    first = drawn.seats()[0]
    with drawn.store.write() as session:
        change = sa.update(Seat).where(Seat.id == first.id).values(account_id=outsider)
        session.execute(change.execution_options(synchronize_session=False))
    (again,) = repeated(drawn)
    assert again.differs == (f"the rank of {outsider}", "who sits now: it is not who should after those who left")


def test_an_act_that_does_not_open_is_named(drawn: Contest) -> None:
    with drawn.store.write() as session:
        uid = session.scalars(sa.select(Draw.nonce_act)).one()
        session.execute(sa.update(Act).where(Act.uid == uid).values(record=b"\0" * 64))
    (again,) = repeated(drawn)
    assert [d for d in again.differs if d.startswith("the act appeal.nonce:")] == list(again.differs)


def test_an_act_in_another_place_is_named(drawn: Contest) -> None:
    """The positions of admission and nonce are exchanged: each opens, and the tree has another leaf there."""
    with drawn.store.write() as session:
        row = session.query(Draw).one()
        old = {uid: session.query(Act).filter_by(uid=uid).one() for uid in (row.admission, row.nonce_act)}
        places = {uid: (act.position, act.entry) for uid, act in old.items()}
        others = {row.admission: places[row.nonce_act][0], row.nonce_act: places[row.admission][0]}
        session.execute(sa.update(Act).where(Act.uid.in_(places)).values(position=None, entry=None))
        for uid, position in others.items():
            session.execute(sa.update(Act).where(Act.uid == uid).values(position=position, entry=places[uid][1]))
    (again,) = repeated(drawn)
    assert "the act appeal.admit: another leaf stands at this position" in again.differs


def test_a_record_that_was_rewritten_with_the_case_key_is_named(drawn: Contest) -> None:
    """Whoever has the vault key can seal another record; the leaf commits to the first one."""
    with drawn.store.write() as session:
        key = key_of(session, session.get_one(Case, drawn.case_id)).key
        act = session.query(Act).filter_by(uid=session.scalars(sa.select(Draw.nonce_act)).one()).one()
        text = vault.open_sealed(key, act.record, table="act", row=act.uid, column="record")
        other = text.replace(base64url.encode(NONCE).encode(), base64url.encode(bytes(32)).encode())
        assert other != text
        sealed = vault.seal(key, other, table="act", row=act.uid, column="record")
        session.execute(sa.update(Act).where(Act.uid == act.uid).values(record=sealed))
    (again,) = repeated(drawn)
    assert again.differs == ("the act appeal.nonce: opening does not fit the leaf's commitment",)


def test_an_act_of_another_kind_is_named(drawn: Contest) -> None:
    with drawn.store.read() as session:
        admission = session.scalars(sa.select(Draw.admission)).one()
    tamper(drawn, Draw, nonce_act=admission)
    (again,) = repeated(drawn)
    assert "an act appeal.admit in place of appeal.nonce" in again.differs


def test_a_nonce_that_stood_in_the_log_before_the_admission_is_named(contest: Contest) -> None:
    """Whoever knows the nonce before the pool is fixed could fix the pool to suit it."""
    contest.lodge().attest()
    with contest.store.write() as session:
        key = key_of(session, session.get_one(Case, contest.case_id))
        facts = {"nonce": base64url.encode(NONCE)}
        subject = f"subject:{contest.case_id}"
        early = record(session, "appeal.nonce", actor=subject, now=contest.now, facts=facts, case=key).uid
    contest.sequence().admit().draw()
    assert repeated(contest)[0].differs == ()
    tamper(contest, Draw, nonce_act=early)
    assert repeated(contest)[0].differs == ("the order of admission, nonce and draw in the log",)


def test_a_draw_that_was_logged_with_other_seats_is_named(drawn: Contest) -> None:
    with drawn.store.write() as session:
        row = session.query(Draw).one()
        said = {name: base64url.encode(getattr(row, name)) for name in ("message", "v", "proof")}
        seats = [seat.account_id for seat in drawn.seats()]
        facts = {**said, "seats": [*seats[1:], seats[0]]}
        key = key_of(session, session.get_one(Case, drawn.case_id))
        other = record(session, "appeal.draw", actor="system:test", now=drawn.now, facts=facts, case=key).uid
    tamper(drawn.sequence(), Draw, draw_act=other)
    assert repeated(drawn)[0].differs == ("the first seats: they are not those that V ranks first",)


def test_a_draw_key_that_was_not_public_before_is_named(drawn: Contest) -> None:
    """Published only after the admission, it could have been chosen for what it gives."""
    public = base64url.encode(drawn.holder.public().draw_public)
    with drawn.store.write() as session:
        session.execute(sa.update(Act).where(Act.type == LeafType.KEY).values(type=LeafType.ACT))
        clear = {"use": draw.DRAW_KEY, "suite": "ristretto255-SHA512", "public": public}
        record(session, "key.publish", actor="system:test", now=drawn.now, type=LeafType.KEY, clear=clear)
    (again,) = repeated(drawn.sequence())
    assert again.differs == ("the draw key: none was public before the admission",)


class TestTheCommand:
    @pytest.fixture
    def run(self, drawn: Contest, tmp_path: Path) -> Callable[[str], Result]:
        """`zilu` on the database of the drawn case, with settings of its own."""
        folder = tmp_path / "registry"
        config = write_settings(folder, issuer="http://127.0.0.1:8420", name="Test")
        for name, secret in (("vault", KEYRING.vault_key), ("pepper", KEYRING.pepper)):
            (folder / f"keys/{name}.key").write_text(base64url.encode(secret))
        url = f"sqlite:///{drawn.store.engine.url.database}"
        config.write_text(config.read_text().replace("sqlite:///registry.db", url))
        return lambda number: CliRunner().invoke(main, ["--config", str(config), "appeal", "redraw", number])

    def test_it_says_who_was_drawn(self, drawn: Contest, run: Callable[[str], Result]) -> None:
        result = run(drawn.number)
        assert result.exit_code == 0, result.output
        assert all(seat.account_id in result.output for seat in drawn.seats())

    def test_it_fails_and_names_what_differs(self, drawn: Contest, run: Callable[[str], Result]) -> None:
        tamper(drawn, Draw, nonce=bytes(32))
        result = run(drawn.number)
        assert result.exit_code == 1
        assert "differs: the nonce" in result.output

    @pytest.mark.parametrize("number", ["ZL-0000-0000", "nonsense", "11010519491231002X"])
    def test_a_number_that_is_none_is_refused_without_being_repeated(
        self, run: Callable[[str], Result], number: str
    ) -> None:
        result = run(number)
        assert result.exit_code == 2
        assert number not in result.output
