from __future__ import annotations

from tests.listing import people
from tests.served import Desk

BEGIN = ("watch", "begin", "--as", "birch-hr", "--consent-reference", "HR-2026-03/17", "--days", "30")


def test_a_watch_from_its_beginning_to_its_end(desk: Desk) -> None:
    (person,) = people(1)
    folder = ("--receipts", desk.folder / "r")
    begun = desk.zilu(*BEGIN, *folder, "-", typed=f"{person.number}\n")
    assert begun.exit_code == 0, begun.stderr
    id = begun.stdout.split("\t")[0]
    assert desk.zilu("watch", "list", "--as", "birch-hr").stdout.split("\t")[0] == id
    again = ("watch", "renew", "--as", "birch-hr", "--consent-reference", "HR-2026-04/1", *folder, id, "-")
    assert desk.zilu(*again, typed=f"{person.number}\n").exit_code == 0
    assert "cancelled" in desk.zilu("watch", "cancel", "--as", "birch-hr", id).stdout
    assert desk.zilu("watch", "list", "--as", "birch-hr").stdout == ""
    assert desk.zilu("watch", "changes", "--as", "birch-hr").stdout.startswith("cursor\t")
