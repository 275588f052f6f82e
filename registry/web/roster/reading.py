"""A piece of evidence as those who judge see it: with the name of who reads it over it, and in its file's name."""

from __future__ import annotations

from flask import Response, render_template

from registry.reports.exhibits import Opened
from registry.web.context import actor, running
from registry.web.exhibits import mark_of, saved, shown


def exhibit_page(opened: Opened, *, number: str, place: int, back_to: str, file_url: str) -> str:
    return render_template(
        "roster/exhibit.html",
        shown=shown(opened),
        number=number,
        place=place,
        back_to=back_to,
        file_url=file_url,
        reader=actor().id,
        now=running().clock(),
    )


def marked_file(opened: Opened, *, number: str, place: int) -> Response:
    return saved(opened, number=number, place=place, mark=mark_of(actor().id, running().clock()))
