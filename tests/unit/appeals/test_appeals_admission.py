from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
import sqlalchemy as sa

from registry.accounts.actions import close_account, open_account
from registry.accounts.rules import Role
from registry.appeals import admission, queries
from registry.appeals.models import Appeal, Draw
from registry.appeals.pool import eligible
from registry.appeals.rules import State
from registry.db import Store
from registry.errors import Conflict, Forbidden, Invalid, NotFound
from registry.identity.draw import Panelist, pool_root
from registry.keys.holder import Holder
from registry.members.actions import set_standing
from registry.members.models import Standing
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.filing import NUMBER
from tests.unit.appeals.contest import Contest

EVERYONE = {"cedar-panel", "dora-panel", "law-panel", "union-panel"}


@pytest.fixture
def contest(contest: Contest) -> Contest:
    return contest.lodge().attest()


def pool(contest: Contest) -> set[str]:
    with contest.store.read() as session:
        return {panelist.id for panelist in eligible(session, queries.get(session, contest.appeal().id))}


def declare(contest: Contest, who: str, **what: str) -> None:
    with contest.store.write() as session:
        admission.declare(session, actor=contest.cast[who].actor, now=contest.now, **what)


class TestThePool:
    def test_it_is_everyone_free_of_the_filing_member_and_its_group(self, contest: Contest) -> None:
        assert pool(contest) == EVERYONE  # eva's member, eagle, has acme's owner

    def test_an_interest_in_the_member_keeps_out(self, contest: Contest) -> None:
        declare(contest, "cem", member_id="acme")
        assert pool(contest) == EVERYONE - {"cedar-panel"}

    def test_an_interest_in_the_case_keeps_out(self, contest: Contest) -> None:
        declare(contest, "lin", case_number=contest.number)
        assert pool(contest) == EVERYONE - {"law-panel"}

    def test_an_interest_in_another_member_does_not(self, contest: Contest) -> None:
        declare(contest, "cem", member_id="birch")
        assert pool(contest) == EVERYONE

    def test_a_closed_account_is_out(self, contest: Contest) -> None:
        with contest.store.write() as session:
            close_account(session, account_id="union-panel", actor=contest.cast["union-admin"].actor, now=contest.now)
        assert pool(contest) == EVERYONE - {"union-panel"}

    def test_people_of_a_suspended_member_are_out(self, contest: Contest) -> None:
        with contest.store.write() as session:
            set_standing(session, member_id="dora", standing=Standing.SUSPENDED, actor="olaf", now=contest.now)
        assert pool(contest) == EVERYONE - {"dora-panel"}

    def test_a_screener_who_is_a_panelist_too_does_not_sit_on_what_they_screened(
        self, store: Store, cast: Cast, holder: Holder, clock: MovingClock
    ) -> None:
        both = [Role.SCREENER, Role.PANELIST]
        admin = cast["law-school-admin"].actor
        with store.write() as session:
            for name in ("screens", "rests"):
                open_account(session, id=name, member_id="law-school", name=name, roles=both, actor=admin, now=clock())
        sol = cast.sol
        screens = dataclasses.replace(sol.actor, id="screens", member_id="law-school", group="law-school")
        cast = Cast({**cast, "sol": dataclasses.replace(sol, actor=screens)})
        contest = Contest(store, cast, holder, clock).lodge().attest()
        assert pool(contest) == EVERYONE | {"rests"}

    def test_the_clerk_who_admits_does_not_sit(self, contest: Contest) -> None:
        with contest.store.write() as session:
            roles = [Role.CLERK, Role.PANELIST]
            open_account(
                session,
                id="desk",
                member_id="law-school",
                name="Desk",
                roles=roles,
                actor=contest.cast["law-school-admin"].actor,
                now=contest.now,
            )
        desk = dataclasses.replace(contest.cast.cleo.actor, id="desk", member_id="law-school", group="law-school")
        assert "desk" in pool(contest)
        contest.admit(desk)
        with contest.store.read() as session:
            assert "desk" not in {id for id, _ in session.scalars(sa.select(Draw.pool)).one()}

    def test_people_of_three_members_are_needed(self, contest: Contest) -> None:
        for who in ("cem", "lin"):
            declare(contest, who, member_id="acme")
        with pytest.raises(Conflict) as refused:
            contest.admit()
        assert refused.value.code == "pool-too-small"
        assert contest.appeal().state is State.PROOFED


class TestAdmitting:
    def test_the_act_fixes_the_pool_with_its_root(self, contest: Contest) -> None:
        contest.admit()
        with contest.store.read() as session:
            row = session.query(Draw).one()
        assert row.name == contest.number
        assert {id for id, _ in row.pool} == EVERYONE
        assert row.root == pool_root(Panelist(id, member) for id, member in row.pool)
        assert contest.appeal().state is State.ADMITTED
        assert contest.appeal().admitted_at == contest.now

    def test_an_interest_declared_later_changes_no_pool(self, contest: Contest) -> None:
        contest.admit()
        declare(contest, "cem", member_id="acme")
        with contest.store.read() as session:
            assert {id for id, _ in session.query(Draw).one().pool} == EVERYONE

    def test_an_unproofed_appeal_is_not_admitted(
        self, store: Store, cast: Cast, holder: Holder, clock: MovingClock
    ) -> None:
        with pytest.raises(Conflict) as refused:
            Contest(store, cast, holder, clock).lodge().admit()
        assert refused.value.code == "not-allowed-now"

    @pytest.mark.parametrize("who", ["rui", "hana", "sol", "cem", "vera", "rex", "olaf", "adam"])
    def test_nobody_but_a_clerk_admits(self, contest: Contest, who: str) -> None:
        with pytest.raises(Forbidden):
            contest.admit(contest.cast[who].actor)

    @pytest.mark.parametrize(("member", "group"), [("acme", "acme"), ("eagle", "acme")])
    def test_no_clerk_admits_or_refuses_on_their_own_member_or_its_group(
        self, contest: Contest, member: str, group: str
    ) -> None:
        partial = dataclasses.replace(contest.cast.cleo.actor, member_id=member, group=group)
        with pytest.raises(Forbidden):
            contest.admit(partial)
        with pytest.raises(Forbidden):
            contest.refuse(partial)

    def test_a_refusal_ends_the_appeal_and_the_dispute(self, contest: Contest) -> None:
        contest.refuse()
        assert contest.appeal().state is State.INADMISSIBLE
        assert contest.appeal().closed_at == contest.now
        assert not contest.entry().disputed

    @pytest.mark.parametrize("reasons", ["", f"It is {NUMBER}."])
    def test_reasons_are_given_and_hold_no_number(self, contest: Contest, reasons: str) -> None:
        with contest.store.write() as session, pytest.raises(Invalid) as refused:
            appeal = queries.get(session, contest.appeal().id)
            admission.admit(session, actor=contest.cast.cleo.actor, appeal=appeal, reasons=reasons, now=contest.now)
        assert refused.value.field == "reasons"

    def test_who_has_read_an_outdated_state_is_told_to_read_again(self, contest: Contest) -> None:
        with contest.store.write() as session, pytest.raises(Conflict) as refused:
            appeal = queries.get(session, contest.appeal().id)
            session.execute(
                sa.update(Appeal).values(state=State.WITHDRAWN).execution_options(synchronize_session=False)
            )
            admission.admit(session, actor=contest.cast.cleo.actor, appeal=appeal, reasons="In time.", now=contest.now)
        assert refused.value.code == "outdated"


class TestDeclaring:
    def test_it_is_about_one_thing(self, contest: Contest) -> None:
        for what in ({}, {"member_id": "acme", "case_number": contest.number}):
            with pytest.raises(Invalid):
                declare(contest, "cem", **what)

    def test_it_names_something_that_is_there(self, contest: Contest) -> None:
        for what in ({"member_id": "nobody"}, {"case_number": "ZL-0000-0000"}):
            with pytest.raises(NotFound):
                declare(contest, "cem", **what)

    def test_only_panelists_declare(self, contest: Contest) -> None:
        with pytest.raises(Forbidden):
            declare(contest, "hana", member_id="acme")


def test_a_second_draw_of_one_appeal_is_refused_by_the_table_itself(contest: Contest) -> None:
    contest.admit().clock.move(timedelta(hours=1))
    with pytest.raises(Conflict):
        contest.admit()
    with contest.store.read() as session:
        assert session.query(Draw).count() == 1
