"""Work that waits when the page opens: for every role something to do in the browser."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from registry.cli.demo import cases, hearing
from registry.cli.demo.cases import Accused
from registry.cli.demo.filing import await_listing
from registry.cli.demo.players import print_letter, program, record_service, screen
from registry.cli.demo.plot import Story
from registry.client import drafts, reporting
from registry.client.sample import staff_file

STAFF, ROW = 5_000, 1_234  # rows of the file to drop on the page, and where the listed person stands in it
STAFF_FILE = "staff-5000.csv"
TYPED = ("wu", "sun", "zhao")  # whose numbers somebody types at a page


def file_wu(story: Story) -> None:
    story.stage.told("Acme reports Wu, whose appeal will wait for its hearing when the page opens.")
    _countersigned(story, story.others["wu"])
    _screened(story, story.others["wu"])
    _printed(story, story.others["wu"])


def serve_wu(story: Story) -> None:
    record_service(story.stage, story.letters["wu"], story.stage.settings.clock())
    story.stage.told("Wu's letter is signed for.")


def appeal_wu(story: Story) -> None:
    wu = story.others["wu"]
    await_listing(story, wu)
    text = "I changed posts in that month and gave the sign-in back; somebody else has used it since."
    hearing.phone_of(story, "wu").submit("/case/appeal", {"grounds": "not-true", "text": text, "lane": "normal"})
    hearing.confirm_identity(story, "wu")
    story.stage.told("Wu is listed, appeals, and the notary confirms who it is.")


def admit_wu(story: Story) -> None:
    hearing.admit(story, "wu")


def draw_wu(story: Story) -> None:
    hearing.draw(story, "wu")


def answer_wu(story: Story) -> None:
    hearing.answer(story, "wu")
    story.seated = tuple(hearing.panelists(story, "wu"))
    story.stage.told(f"The hearing waits for {', '.join(story.seated)}.")


def leave_work(story: Story) -> None:
    """A draft to sign, a report to countersign, one to screen, a letter to print; and a file of staff."""
    _filed(story, story.others["zhao"])
    story.stage.told("A report about Zhao waits for a second signature.")
    _countersigned(story, story.others["zhou"])
    story.stage.told("A report about Zhou waits for a screener.")
    _countersigned(story, story.others["huang"])
    _screened(story, story.others["huang"])
    story.stage.told("A letter to Huang waits for the clerk.")
    _leave_draft(story)
    staff = staff_file(STAFF, seed=story.seed + 1, planted={ROW: story.chen.document.number})
    (story.stage.folder / "birch" / STAFF_FILE).write_bytes(staff.content)
    story.stage.told("Birch's file of 5,000 waits to be dropped on the page.")


def _leave_draft(story: Story) -> None:
    """Last, for an exhibit that is uploaded waits for the first report that names it."""
    acme = program(story.stage, "acme-security", "report", key=story.company.keys["acme-security"])
    path, exhibits = _draft(story, story.others["sun"])
    claims = drafts.load(path)
    for exhibit in exhibits:
        data = drafts.exhibit(exhibit)
        acme.put(f"/api/v1/exhibits/{drafts.digest_of(exhibit)}", data, content_type="application/octet-stream")
    acme.post("/api/v1/drafts", {"document": {**claims.claims, "contact": dict(claims.contact)}})
    story.stage.told("A draft about Sun waits for a signature.")


def _draft(story: Story, person: Accused) -> tuple[Path, list[Path]]:
    found = (story.stage.settings.clock() - timedelta(days=2)).date()
    return cases.write_draft(story.stage.folder / "acme", person, found=found)


def _filed(story: Story, person: Accused) -> None:
    acme = program(story.stage, "acme-security", "report", key=story.company.keys["acme-security"])
    path, exhibits = _draft(story, person)
    prepared = drafts.load(path)
    payload = reporting.prepare(acme, prepared, verify=lambda _payload, _member: None)  # the registry will
    signed = {"report": reporting.sign(acme, payload, person.document), "contact": prepared.contact}
    filed = reporting.file(acme, signed, exhibits)
    story.reports[person.key] = filed["id"], filed["case"]


def _countersigned(story: Story, person: Accused) -> None:
    _filed(story, person)
    approver = program(story.stage, "acme-approver", "report", key=story.company.keys["acme-approver"])
    reporting.countersign(approver, reporting.read(approver, story.reports[person.key][0]), person.document)


def _screened(story: Story, person: Accused) -> None:
    screen(story.stage, story.reports[person.key][0])


def _printed(story: Story, person: Accused) -> None:
    story.letters[person.key], story.codes[person.key] = print_letter(story.stage, story.reports[person.key][1])
