"""Which appeals are heard: never the same again with nothing new, and refused only for the grounds of a closed list."""

from __future__ import annotations

import pytest

from registry.accounts.actions import actor_of, open_account
from registry.accounts.rules import Role
from registry.appeals.eligibility import Inadmissible, verify_inadmissible, verify_not_repeated
from registry.appeals.rules import CONTEST_WINDOW, Ground, State
from registry.errors import Forbidden, Invalid
from registry.policy import Basis
from tests.unit.appeals.contest import Contest


@pytest.mark.parametrize(
    ("grounds", "decided", "is_heard"),
    [
        ({Ground.NOT_TRUE}, set(), True),
        ({Ground.NOT_TRUE}, {Ground.NOT_TRUE}, False),
        ({Ground.NOT_TRUE}, {Ground.NOT_TRUE, Ground.PROCEDURE}, False),
        ({Ground.NOT_TRUE, Ground.PROCEDURE}, {Ground.NOT_TRUE}, True),
        ({Ground.NOT_TRUE, Ground.NEW_FACTS}, {Ground.NOT_TRUE}, True),
        ({Ground.NEW_FACTS}, {Ground.NEW_FACTS}, True),
        ({Ground.COURT_OUTCOME}, {Ground.COURT_OUTCOME}, True),
    ],
)
def test_what_was_decided_is_not_heard_again_unless_something_is_new(
    grounds: set[Ground], decided: set[Ground], is_heard: bool
) -> None:
    if is_heard:
        verify_not_repeated(grounds, decided=decided)
    else:
        with pytest.raises(Invalid) as error:
            verify_not_repeated(grounds, decided=decided)
        assert (error.value.code, error.value.field) == ("repeated", "grounds")


@pytest.mark.parametrize(
    ("why", "decided", "basis", "fits"),
    [
        (Inadmissible.REPEATED, True, Basis.POLICE, True),
        (Inadmissible.REPEATED, False, Basis.POLICE, False),
        (Inadmissible.COLLATERAL, False, Basis.JUDGMENT, True),
        (Inadmissible.COLLATERAL, True, Basis.POLICE, False),
        (Inadmissible.ANOTHER_MATTER, False, Basis.INVESTIGATION, True),
    ],
)
def test_a_ground_to_refuse_must_be_one_that_can_be(why: Inadmissible, decided: bool, basis: Basis, fits: bool) -> None:
    if fits:
        verify_inadmissible(why, decided=decided, basis=basis)
    else:
        with pytest.raises(Invalid, match="ground must be another"):
            verify_inadmissible(why, decided=decided, basis=basis)


def test_after_a_decision_the_same_is_refused_at_the_door_and_new_facts_by_a_clerk(drawn: Contest) -> None:
    drawn.answer().hear().votes("keep", "keep", "keep")
    drawn.clock.move(CONTEST_WINDOW)
    drawn.tick()
    assert drawn.appeal().state is State.CLOSED
    with pytest.raises(Invalid) as error:
        drawn.lodge()
    assert error.value.code == "repeated"
    drawn.lodge(grounds=["new-facts"])
    with pytest.raises(Invalid, match="ground must be another"):
        drawn.refuse(ground=Inadmissible.COLLATERAL)
    drawn.refuse(ground=Inadmissible.REPEATED)
    refused = drawn.appeal()
    assert (refused.state, refused.refused_for, refused.refused_by) == (State.INADMISSIBLE, "repeated", "clerk")

    drawn.lodge(grounds=["court-outcome"])
    with pytest.raises(Forbidden) as forbidden:
        drawn.refuse(ground=Inadmissible.REPEATED)
    assert forbidden.value.code == "took-part"
    with drawn.store.write() as session:
        admin = drawn.cast["association-admin"].actor
        how = {"member_id": "association", "name": "Clio", "roles": [Role.CLERK], "actor": admin, "now": drawn.now}
        open_account(session, id="clio", **how)
        clio = actor_of(session, "clio")
    drawn.refuse(clio, Inadmissible.REPEATED)
    assert drawn.appeal().refused_by == "clio"
