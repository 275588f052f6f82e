"""One report's way through the house, told as the people in it live it. Each chapter is an hour of a day."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from registry.cli.demo import cases, filing, guide, hearing, waiting
from registry.cli.demo.inbox import Inbox
from registry.cli.demo.people import Company
from registry.cli.demo.plot import Story
from registry.cli.demo.stage import Stage


def tell(stage: Stage, company: Company, *, seed: int, between: Callable[[], None] = lambda: None) -> Mapping[str, str]:
    """Tell it all; `between` is called before every chapter. Returns what the reader may want to type."""
    with Inbox(stage) as inbox:
        story = Story(stage, company, *cases.accused(seed), cases.others(seed), seed, inbox)
        for day, hour, title, chapter in CHAPTERS:
            between()
            stage.at(day, hour)
            stage.chapter(title)
            chapter(story)
    stage.begin_real_time()
    _audit(story)
    return _notes(story)


def _audit(story: Story) -> None:
    story.stage.chapter("An auditor replays the log")
    story.stage.zilu("audit")
    story.stage.told("Every row is what the log says it must be.")
    story.stage.told("No witness watches this demo's log; docs/log.md says how members and regulators do.")


def _notes(story: Story) -> Mapping[str, str]:
    listed, clear = story.chen.document.number, story.wang.document.number
    return {
        "A number that is listed": f"{listed} (Chen, invented)",
        "A number that is not": f"{clear} (Wang, cleared)",
        "To open Chen's case at /case": f"{story.reports['chen'][1]}, code {story.codes['chen']}, the listed number",
        "Liu's case, window open": f"{story.reports['liu'][1]}, code {story.codes['liu']}, {story.liu.document.number}",
        "What to do with it": guide.text(story),
    }


Chapter = Callable[[Story], None]
CHAPTERS: tuple[tuple[int, int, str, Chapter], ...] = (
    (2, 9, "A report", filing.file_wang),
    (3, 10, "Screening", filing.screen_wang),
    (4, 11, "The letter", filing.print_wang),
    (5, 15, "Served", filing.serve_wang),
    (7, 20, "The accused reads", filing.answer_wang),
    (20, 9, "A check inside the window", filing.check_too_early),
    (28, 9, "Another report", filing.file_chen),
    (29, 9, "A report that will be appealed", waiting.file_wu),
    (31, 9, "Served", filing.serve_chen),
    (31, 10, "Served", waiting.serve_wu),
    (36, 9, "Listed", filing.list_wang),
    (38, 9, "10,000 hires", filing.check_hires),
    (40, 21, "An appeal", hearing.lodge),
    (41, 10, "Identity", hearing.attest),
    (42, 9, "Admitted", hearing.admit),
    (42, 19, "The draw", hearing.draw_and_redraw),
    (45, 11, "The member answers", hearing.answer),
    (49, 14, "The hearing", hearing.hear),
    (51, 16, "The decision", hearing.vote),
    (51, 17, "Everyone is told again", hearing.recalled),
    (52, 9, "Another check", filing.check_again),
    (63, 9, "Listed", filing.listed_chen),
    (68, 9, "A third report", filing.file_liu),
    (70, 9, "Served", filing.serve_liu),
    (71, 9, "A second appeal", waiting.appeal_wu),
    (72, 9, "Admitted", waiting.admit_wu),
    (72, 19, "The draw", waiting.draw_wu),
    (75, 11, "The member answers", waiting.answer_wu),
    (79, 9, "Work that waits", waiting.leave_work),
)
