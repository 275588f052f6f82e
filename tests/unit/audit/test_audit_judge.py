"""The judge: an honest export has no breach, and whatever is changed in it is named.

`doctored` makes the export of a registry that did otherwise and logged it well: all hashes and the signature fit, so
that only the safeguard itself can tell.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from registry.appeals import draw as drawing
from registry.appeals import queries, recusals
from registry.audit.judge.verdict import judge
from registry.cases.models import Case
from registry.cli import main
from registry.db import Base
from registry.erasures.actions import propose_by
from registry.errors import Invalid
from registry.identity.document import parse
from registry.keys.holder import Holder
from registry.log.checkpoint import verifier_key
from registry.panels import actions as panels
from registry.schema import Base as Schema
from tests.accused import Accused
from tests.amending import Desk
from tests.app_fixture import SECRETS
from tests.cast import Cast
from tests.conftest import MovingClock
from tests.filing import NUMBER, Filing, any_tag, tag_of
from tests.house import ORIGIN, House, doctored, opened
from tests.listing import check

DAY = timedelta(days=1)
LOG = verifier_key(ORIGIN, SECRETS.log_key.public_key())
Records = list[dict[str, Any]]


@pytest.fixture(scope="module")
def honest(founded: tuple[Path, Cast], holder_socket: Path, holders_clock: MovingClock) -> list[str]:
    """One case that was listed, hit, appealed in the member's silence and kept; one that was erased by an order."""
    with opened(founded, Holder(holder_socket), holders_clock) as house:
        return told(house)


def told(house: House) -> list[str]:
    filing = Filing(house.store, house.cast, house.holder, house.clock(), tag_of(house.holder)).noticed(house.clock())
    erased = Filing(house.store, house.cast, house.holder, house.clock(), any_tag(3))
    house.pass_time(30 * DAY)
    check(house.store, house.holder, [parse(NUMBER)], house.cast.hana.actor, house.clock())
    silent_member(house, filing)
    desk = Desk(house.store, house.cast, house.holder, house.clock, filing)
    desk.amend("contest")
    desk.amend("correction")
    desk.sign("void")
    house.pass_time(4 * DAY)
    order = house.rex.issue(filing.number, "suspend", house.clock(), days=5)
    house.olaf.confirm(order, house.clock())
    house.pass_time(6 * DAY)
    house.rex.issue(filing.number, "suspend", house.clock())
    house.pass_time(4 * DAY)
    lift(house, filing)
    for days in (150, 31, 30):  # half of the term, and nobody decides
        house.pass_time(days * DAY)
    forget(house, erased)
    return house.export()


def lift(house: House, filing: Filing) -> None:
    """The court hides the entry for long, and takes that back."""
    order = house.rex.issue(filing.number, "suspend", house.clock())
    house.olaf.confirm(order, house.clock())
    for side in (house.rex, house.olaf):
        house.pass_time(DAY)
        side.withdraw(order, house.clock())
    house.pass_time(DAY)


def silent_member(house: House, filing: Filing) -> None:
    accused = Accused(house.store, house.cast, house.holder, house.clock, filing, "").lodged().proofed().admitted()
    house.sequence()
    people = {person.actor.id: person.actor for person in house.cast.values()}
    with house.store.write() as session:
        drawing.draw(session, queries.get(session, accused.appeal().id), bytes(32), house.holder, house.clock())
    with house.store.write() as session:  # the first of them is challenged, in vain
        appeal = queries.get(session, accused.appeal().id)
        seat, how = queries.seats_of(session, appeal.id)[0], {"now": house.clock()}
        asked = recusals.ask(session, appeal=appeal, seat_id=seat.id, text="They know me.", **how)
        said = {"recusal_id": asked.id, "sustain": False, "reasons": "They do not."}
        recusals.decide(session, actor=house.cast.cleo.actor, **said, **how)
    with house.store.read() as session:
        panel = [people[seat.account_id] for seat in queries.seats_of(session, accused.appeal().id)]
    for days in (7, 2, 1, 1):
        house.pass_time(days * DAY)
    for actor in panel:
        with house.store.write() as session:
            appeal = queries.get(session, accused.appeal().id)
            if actor is panel[0]:
                panels.hear(session, actor=actor, appeal=appeal, notes="All were heard.", now=house.clock())
            panels.vote(session, actor=actor, appeal=appeal, choice="keep", reasons="So it was.", now=house.clock())
    for days in (2, 2, 10):
        house.pass_time(days * DAY)


def forget(house: House, filing: Filing) -> None:
    house.olaf.confirm(house.rex.issue(filing.number, "erase", house.clock()), house.clock())
    house.sequence()
    with house.store.write() as session:
        case = session.get_one(Case, filing.case_id)
        erasure = propose_by(session, actor=house.cast.olaf.actor, case=case, now=house.clock())
    house.rex.open(erasure, house.clock())
    house.rex.cosign(erasure, house.clock())
    house.work()


def said(lines: list[str]) -> str:
    return "\n".join(breach.why for breach in judge(lines, log=LOG).breaches)


def test_an_honest_registry_has_no_breach(honest: list[str]) -> None:
    verdict = judge(honest, log=LOG)
    assert verdict.breaches == ()
    assert verdict.leaves == len(honest) - 1
    assert 0 < verdict.leaves - verdict.opened < 10  # the acts of the case that was forgotten
    assert said(doctored(honest, lambda records: None)) == ""


def test_everything_happened_that_the_safeguards_are_about(honest: list[str]) -> None:
    """Else the verdict above, and the changes below, would prove nothing."""
    records = [record for line in honest[1:] if (record := json.loads(line)["record"]) is not None]
    verbs = {record["verb"] for record in records}
    assert verbs >= {
        "amendment.confirm", "amendment.lapse",
        "appeal.close", "appeal.lapse", "entry.list", "entry.reinstate", "entry.show", "entry.suspend",
        "erasure.execute", "order.confirm", "order.end", "order.lapse", "order.withdraw", "panel.decide",
        "recall.escalate", "recall.issue", "reminder.send", "review.default", "review.open",
    }  # fmt: skip


def rows(records: Records, table: str) -> list[dict[str, Any]]:
    """What was told of the rows of this table, in order."""
    return [row for record in records if record for name, _, row in record.get("told", ()) if name == table]


def change(table: str, **values: Any) -> Callable[[Records], None]:
    """In everything that was told of the table's rows, where there was a value."""

    def edit(records: Records) -> None:
        for row in rows(records, table):
            row.update({name: value for name, value in values.items() if row.get(name) is not None})

    return edit


def hidden(records: Records) -> None:
    for row in rows(records, "entry"):
        row["hidden_until"] = "2026-12-01T09:00:00Z"


def hide(table: str, **wanted: Any) -> Callable[[Records], None]:
    """Nothing was ever told of the table's rows that have these values."""

    def is_kept(told: list[Any]) -> bool:
        return told[0] != table or any(told[2].get(name) != value for name, value in wanted.items())

    def edit(records: Records) -> None:
        for record in filter(None, records):
            record["told"] = [row for row in record.get("told", ()) if is_kept(row)]

    return edit


def first(verb: str, **values: Any) -> Callable[[Records], None]:
    """In the first act of this verb."""
    return lambda records: next(each for each in records if each and each["verb"] == verb).update(values)


def last(table: str, **values: Any) -> Callable[[Records], None]:
    return lambda records: rows(records, table)[-1].update(values)


def an_account_closed(records: Records) -> None:
    """The clerk's, as it was opened."""
    told = [row for record in records if record for row in record.get("told", ()) if row[:2] == ["account", "clerk"]]
    told[0][2]["closed_at"] = LONG_AGO


def one_key(records: Records) -> None:
    change("countersignature", kid=rows(records, "report_version")[0]["kid"])(records)


def one_leaves(records: Records) -> None:
    """Before anybody votes."""
    rows(records, "seat")[0]["left_at"] = "2026-04-02T09:00:00Z"


def one_vote_apart(records: Records) -> None:
    votes = [row for row in rows(records, "vote") if row["opened_at"]]
    votes[0]["opened_at"] = "2026-04-01T09:00:00Z"


def decided_by_the_panel(records: Records) -> None:
    change("recusal", decided_by=rows(records, "seat")[1]["account_id"])(records)


def opened_with_the_vote(records: Records) -> None:
    rows(records, "vote")[0]["opened_at"] = "2026-04-11T09:00:00Z"


def someone_sits(account: str, member: str) -> Callable[[Records], None]:
    def edit(records: Records) -> None:
        who = rows(records, "seat")[0]["account_id"]
        for row in rows(records, "seat"):
            if row["account_id"] == who:
                row.update(account_id=account, member_id=member)
        for record in filter(None, records):
            if record["actor"] == who and record["verb"].startswith("panel."):
                record["actor"] = account

    return edit


def an_interest(records: Records) -> None:
    """Declared when the account was opened."""
    who = rows(records, "seat")[0]["account_id"]
    opening = next(each for each in records if each and each["facts"].get("account") == who)
    opening["told"].append(["interest", "i", {"account_id": who, "member_id": "acme", "case_id": None}])


def a_step_aside(records: Records) -> None:
    step = next(row for row in rows(records, "step") if row["verb"] == "countersign")
    step["after"] = "noticed"


def nobody_is_left(records: Records) -> None:
    """And both instances should have been over long ago."""
    for row in rows(records, "appeal"):
        row.update(exhausted_at=LONG_AGO, began_at="2026-01-01T09:00:00Z")


def silent(verb: str) -> Callable[[Records], None]:
    def edit(records: Records) -> None:
        act = next(each for each in records if each and each["verb"] == verb)
        act["verb"], act["told"] = "order.read", []

    return edit


def recalls_after(verb: str) -> Callable[[Records], None]:
    """The recalls that came with the last act of this verb are not told of."""

    def edit(records: Records) -> None:
        at = [each["at"] for each in records if each and each["verb"] == verb][-1]
        for record in (each for each in records if each and each["at"] == at):
            record["told"] = [row for row in record.get("told", ()) if row[0] != "recall"]

    return edit


def extend(records: Records) -> None:
    serving = next(each for each in records if each and each["verb"] == "letter.serve")
    serving["told"].append(["extension", "x", {"case_id": serving["case"], "days": 5, "at": serving["at"]}])


def erased_elsewhere(records: Records) -> None:
    facts = next(each for each in records if each and each["verb"] == "erasure.execute")["facts"]
    facts["positions"] = facts["positions"][1:]


def unsuspended(records: Records) -> None:
    """The register did not follow."""
    hide("step", verb="suspend")(records)
    hide("step", verb="reinstate")(records)
    for row in [*rows(records, "entry"), *rows(records, "appeal")]:
        row.update({"state": "listed"} if row["state"] == "suspended" else {})
        row.update({"suspended": False} if "suspended" in row else {})


SIDES = "without the signatures of a regulator and of the operator"
LIFTED = f"is lifted {SIDES}"
HANDS = "without the signatures of two people"
NO_TIME = "before the time to answer was over"
LONG_AGO = "2026-03-01T09:00:00Z"
BROKEN: dict[str, tuple[Callable[[Records], object], str]] = {
    "own case": (first("report.screen", actor="acme-approver"), "in a case of their own member"),
    "owner's other company": (first("appeal.admit", actor="eagle-panel"), "or of one under the same owner"),
    "foreign prosecutor": (first("report.countersign", actor="birch-approver"), "in a case that another member filed"),
    "no role": (first("letter.serve", actor="screener"), "did letter.serve without being a clerk"),
    "closed account": (an_account_closed, "with an account that is closed"),
    "one hand": (change("countersignature", account_id="acme-security"), "with both signatures by one hand"),
    "one key": (one_key, "with both signatures by one hand"),
    "no countersignature": (hide("countersignature"), "without a countersignature"),
    "foreign signature": (change("report_version", account_id="birch-security"), "over a signature of another member"),
    "no screening": (change("screening", verdict="refuse"), "without having been screened"),
    "carrier screens": (change("screening", account_id="birch-hr"), "after a screening that was not neutral"),
    "no service": (change("notice", served_at=None), "without service"),
    "short window": (change("notice", served_at="2026-03-04T09:00:00Z"), NO_TIME),
    "extension ignored": (extend, NO_TIME),
    "shown when hidden": (hidden, "a check was shown entry"),
    "shown when over": (change("entry", until="2026-03-20T09:00:00Z"), "a check was shown entry"),
    "no recall": (hide("recall", reason="suspended"), "got no recall when it changed"),
    "step aside": (a_step_aside, "countersign does not lead from filed to noticed"),
    "step left out": (hide("step", verb="screen"), "begins as screened, and the one before ended as countersigned"),
    "state made up": (last("review", state="kept"), "and its steps lead to ended"),
    "seat of the owner": (someone_sits("eagle-panel", "eagle"), "has filed the case, or is under the same owner"),
    "seat of a clerk": (
        someone_sits("clerk", "association"),
        "clerk was seated, and had taken part",
    ),
    "seat under another name": (change("seat", member_id="bar"), "of another member than the seat says"),
    "seats of one member": (change("seat", member_id="bar"), "was taken by 3 seats of 1 members"),
    "interest": (an_interest, "they had declared an interest"),
    "two seats": (one_leaves, "was taken by 2 seats of 2 members"),
    "vote by another": (first("panel.vote", actor="eagle-panel"), "voted from a seat that is not theirs"),
    "vote opened apart": (one_vote_apart, "and not all votes were opened with it"),
    "vote opened before": (opened_with_the_vote, "was opened without a decision"),
    "challenged and votes": (silent("recusal.decide"), "and nobody had decided whether they may"),
    "challenge undecided": (silent("recusal.decide"), "and whoever was challenged stayed on the panel"),
    "challenge decided by the panel": (decided_by_the_panel, "whose member sits on the panel"),
    "no hearing": (hide("hearing"), "was taken without a hearing"),
    "order by one side": (change("order_confirmation", account_id="inspector"), SIDES),
    "order unsigned": (hide("order_confirmation"), SIDES),
    "order lifted by one side": (change("order_withdrawal", account_id="inspector"), LIFTED),
    "order lifted unsigned": (hide("order_withdrawal"), LIFTED),
    "order not lifted": (hide("order", state="lifted"), "before the date until which it was hidden"),
    "nobody told of what is lifted": (recalls_after("order.withdraw"), "and got no recall when it changed"),
    "amendment by one hand": (change("amendment_confirmation", account_id="acme-security"), HANDS),
    "amendment unsigned": (hide("amendment_confirmation"), HANDS),
    "amendment of another member": (first("amendment.sign", actor="birch-security"), "that another member filed"),
    "amendment does not lapse": (silent("amendment.lapse"), "was not confirmed in time, and did not lapse"),
    "erasure not cosigned": (change("erasure", account_id="olaf"), "no regulator had cosigned"),
    "erasure not opened": (change("erasure", opened_by="olaf"), "had not opened what it forgets"),
    "erasure of other positions": (erased_elsewhere, "it does not open, and no erasure lists it"),
    "silence without effect": (change("appeal", admitted_at=LONG_AGO), "the member's silence in appeal"),
    "silence not hidden": (unsuspended, "the member was silent in appeal"),
    "late decision": (change("appeal", proofed_at=LONG_AGO), "was not decided in time, and the entry was not hidden"),
    "late duty": (change("appeal", proofed_at=LONG_AGO), "and no finding was raised"),
    "never closed": (change("appeal", decided_at=LONG_AGO), "nobody contested appeal"),
    "recall forgotten": (change("recall", escalated_at=None), "was not answered, and nobody was told"),
    "no reminder": (hide("reminder"), "nobody was reminded of appeal-answer"),
    "order does not lapse": (silent("order.lapse"), "was not confirmed in time, and did not lapse"),
    "order does not end": (silent("order.end"), "was over, and did not end"),
    "review without finding": (hide("finding", kind="review-overdue"), "was late, and no finding was raised"),
    "review without end": (silent("review.default"), "and the listing did not end"),
    "no panel and no end": (nobody_is_left, "nobody was left who could decide appeal"),
    "made graver": (last("entry", level=4), "was made graver after it was listed"),
    "made longer": (last("entry", until=None), "was made graver after it was listed"),
    "no review": (hide("review"), "reached half of its term"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_whatever_is_broken_is_named(honest: list[str], name: str) -> None:
    edit, sentence = BROKEN[name]
    assert sentence in said(doctored(honest, edit))


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (lambda lines: lines.__delitem__(-1), "do not give the root"),
        (lambda lines: lines.insert(-1, lines[-1]), "do not give the root"),
        (lambda lines: lines.__setitem__(-1, changed(lines[-1], "record", None)), "no erasure lists it"),
        (lambda lines: lines.__setitem__(-1, changed(lines[-1], "record", {})), "not the one of its leaf"),
        (lambda lines: lines.__setitem__(-1, changed(lines[-1], "position", 7)), "the line says position 7"),
    ],
)  # fmt: skip
def test_an_export_that_is_not_the_log_is_found_out(
    honest: list[str], edit: Callable[[list[str]], object], sentence: str
) -> None:
    lines = list(honest)
    edit(lines)
    assert sentence in said(lines)


def changed(line: str, name: str, value: object) -> str:
    return json.dumps({**json.loads(line), name: value})


def test_a_checkpoint_by_another_key_is_refused(honest: list[str]) -> None:
    stranger = verifier_key(ORIGIN, SECRETS.receipt_key.public_key())
    with pytest.raises(Invalid):
        judge(honest, log=stranger)


@pytest.mark.parametrize("line", ["", "[]", "{}", "not JSON"])
def test_what_is_no_export_is_refused(line: str) -> None:
    with pytest.raises(Invalid):
        judge([line])


def test_the_command_judges_a_file_alone(honest: list[str], tmp_path: Path) -> None:
    sound, broken = tmp_path / "sound.jsonl", tmp_path / "broken.jsonl"
    sound.write_text("\n".join(honest) + "\n")
    broken.write_text("\n".join(doctored(honest, hide("hearing"))) + "\n")
    fine = CliRunner().invoke(main, ["audit", "judge", str(sound), "--vkey", LOG.vkey])
    assert (fine.exit_code, fine.stderr) == (0, "")
    assert fine.stdout.startswith("No breach.")
    found = CliRunner().invoke(main, ["audit", "judge", str(broken), "--json"])
    assert found.exit_code == 1
    assert "was taken without a hearing" in json.loads(found.stdout)["breaches"][0]["why"]
    assert "was not verified" in found.stderr
    assert CliRunner().invoke(main, ["audit", "judge", str(tmp_path / "none")]).exit_code == 2


def test_nothing_is_told_that_is_sealed_or_could_be_matched() -> None:
    """The record of an act may be read by every auditor: no words, no names, no handles, no digests."""
    for mapper in Schema.registry.mappers:
        kind: type[Base] = mapper.class_
        assert set(kind.told) <= {attribute.key for attribute in mapper.column_attrs}
        matchable = {
            attribute.key for attribute in mapper.column_attrs if attribute.columns[0].type.python_type is bytes
        }
        assert set(kind.told) & matchable == set()
