"""The chapters of reports and checks: filed, countersigned, screened, served, listed, found."""

from __future__ import annotations

import re
import subprocess
from datetime import timedelta

from registry.cli.demo import cases
from registry.cli.demo.cases import Accused
from registry.cli.demo.players import Phone, print_letter, program, record_service, screen
from registry.cli.demo.plot import Story
from registry.cli.demo.stage import StoryFailed

FOUND, UNREACHABLE = 3, 4  # exit codes of zilu check


def _filed(story: Story, person: Accused) -> None:
    """Acme's reporter signs with the number typed in; a colleague types it again from the document."""
    stage = story.stage
    found = (stage.settings.clock() - timedelta(days=2)).date()
    draft, exhibits = cases.write_draft(stage.folder / "acme", person, found=found)
    number, signed = person.document.number, draft.with_name("signed.json")
    stage.zilu("report", "sign", str(draft), "--as", "acme-security", "--out", str(signed), typed=f"{number}\n")
    attached = [word for path in exhibits for word in ("--exhibit", str(path))]
    filed = stage.zilu("report", "file", str(signed), "--as", "acme-security", *attached)
    answer = re.search(r"^(\w{32})\tcase (ZL-\S+)", filed.stdout, re.M)
    if answer is None:
        raise StoryFailed("filing gave no case number")
    story.reports[person.key] = answer[1], answer[2]


def _countersigned(story: Story, person: Accused) -> None:
    report = story.reports[person.key][0]
    typed = f"{person.document.number}\n"
    story.stage.zilu("report", "countersign", report, "--as", "acme-approver", typed=typed)


def file_wang(story: Story) -> None:
    story.stage.told("Acme's security desk reports Wang, with an access log and the investigation report.")
    _filed(story, story.wang)
    story.stage.told("The approver mistypes the number: the tags differ, and nothing changes.")
    report, wrong = story.reports["wang"][0], cases.mistyped(story.wang.document.number)
    story.stage.zilu("report", "countersign", report, "--as", "acme-approver", typed=f"{wrong}\n", expect=(2,))
    story.stage.told("The approver enters it again from the document, and countersigns.")
    _countersigned(story, story.wang)


def screen_wang(story: Story) -> None:
    screen(story.stage, story.reports["wang"][0])
    story.stage.told("A screener of the association, no carrier, accepts it: in scope, complete, no retaliation.")


def print_wang(story: Story) -> None:
    _printed(story, story.wang)
    story.stage.told(f"The clerk prints the letter for case {story.reports['wang'][1]}; the code is in it alone.")


def _printed(story: Story, person: Accused) -> None:
    letter, code = print_letter(story.stage, story.reports[person.key][1])
    story.letters[person.key], story.codes[person.key] = letter, code


def serve_wang(story: Story) -> None:
    _served(story, story.wang)
    story.stage.told("Signed for. The window of 30 days is open; until it closes no checker sees anything.")


def _served(story: Story, person: Accused) -> None:
    record_service(story.stage, story.letters[person.key], story.stage.settings.clock())


def answer_wang(story: Story) -> None:
    number, code = story.reports["wang"][1], story.codes["wang"]
    phone = Phone(story.stage)
    if phone.open(case=number, code=code, document=story.chen.document):
        raise StoryFailed("somebody else's document opened Wang's case")
    story.stage.told("Somebody else's document with the right code: refused, in the words used for every failure.")
    if not phone.open(case=number, code=code, document=story.wang.document):
        raise StoryFailed("Wang could not open the case")
    page = phone.page("/case/file")
    if "Address lists of parcels" not in page:
        raise StoryFailed("Wang does not see what is alleged")
    story.stage.told("Wang opens the case: number, code and document fit. Wang reads what is alleged and the exhibits.")


def check_too_early(story: Story) -> None:
    done = story.stage.zilu(
        *("check", "-", "--as", "cedar-hr", "--purpose", "hiring", "--consent-reference", "C-2041"),
        *("--receipts", str(story.stage.folder / "cedar" / "receipts")),
        typed=f"{story.wang.document.number}\n",
    )
    if "entry" in done.stdout and "no-entry" not in done.stdout:
        raise StoryFailed("cedar saw an entry before the window had closed")
    story.stage.told("Cedar hires Wang meanwhile. Nothing is listed, so nothing is seen; the check stays open.")


def file_chen(story: Story) -> None:
    story.stage.told("Acme reports Chen, who let outsiders use a system account.")
    _filed(story, story.chen)
    _countersigned(story, story.chen)
    screen(story.stage, story.reports["chen"][0])
    _printed(story, story.chen)


def serve_chen(story: Story) -> None:
    _served(story, story.chen)
    story.stage.told("Chen's letter is signed for.")


def await_listing(story: Story, person: Accused) -> None:
    report = story.reports[person.key][0]
    acme = program(story.stage, "acme-security", "report")
    story.stage.wait(lambda: acme.get(f"/api/v1/reports/{report}")["state"] == "listed", f"{person.key} is listed")


def list_wang(story: Story) -> None:
    await_listing(story, story.wang)
    story.stage.told("The window closed without an appeal: the worker lists Wang.")
    story.inbox.expect("cedar", "recall.issued")
    story.stage.told("Cedar's hiring check was still open: Cedar is told at once, on its webhook.")


def check_hires(story: Story) -> None:
    story.hires.parent.mkdir(exist_ok=True)
    cases.write_hires(story.hires, story.wang, seed=story.seed)
    done = _persistently(
        story,
        *("check", "--file", str(story.hires), "--as", "birch-hr"),
        *("--purpose", "hiring", "--consent-reference", "HR-2217"),
    )
    if not re.search(r"\b1 hit", done.stdout + done.stderr):
        raise StoryFailed("birch did not find exactly one hit")
    story.stage.told("Birch finds Wang among 10,000 hires. Not one identity number has left its machine.")


def _persistently(story: Story, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a check until it is through: what was interrupted goes on where it stopped."""
    done = story.stage.zilu(*arguments, expect=(FOUND, UNREACHABLE))
    while done.returncode == UNREACHABLE:
        done = story.stage.zilu(*arguments, expect=(FOUND, UNREACHABLE))
    return done


def listed_chen(story: Story) -> None:
    await_listing(story, story.chen)
    story.stage.told("Chen's window has closed; Chen is listed.")


def check_again(story: Story) -> None:
    story.stage.zilu(
        *("check", "-", "--as", "birch-hr", "--purpose", "hiring", "--consent-reference", "HR-2217"),
        *("--receipts", str(story.stage.folder / "birch" / "receipts")),
        typed=f"{story.wang.document.number}\n",
    )
    story.stage.told("Birch asks again: no entry. The receipt proves it.")


def file_liu(story: Story) -> None:
    story.stage.told("Acme reports Liu; the letter is served two days later.")
    _filed(story, story.liu)
    _countersigned(story, story.liu)
    screen(story.stage, story.reports["liu"][0])
    _printed(story, story.liu)


def serve_liu(story: Story) -> None:
    _served(story, story.liu)
    story.stage.told("Liu's window is open until after the page opens.")
