"""Pictures of figures, as SVG without script, for an `img` of our own address."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree

import pygal
from pygal.style import Style

# Pygal leaves a finder of modules behind, of a kind that Python 3.11 warns of at every import and 3.12 ignores.
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__name__ != "PluginImportFixer"]

# Readable on white for those who see no colours as well: they differ in lightness.
_COLOURS = ("#1d4f7a", "#b35c00", "#4b8f5a", "#7a3b69", "#8a8a8a", "#c2a33a", "#3f3f3f")
_STYLE = Style(background="white", plot_background="white", colors=_COLOURS, font_family="sans-serif")


def stacked(title: str, columns: Sequence[str], rows: Mapping[str, Sequence[int]]) -> bytes:
    """One bar for each column, made of what each row has there."""
    return _of_rows(pygal.StackedBar, title, columns, rows)


def grouped(title: str, columns: Sequence[str], rows: Mapping[str, Sequence[int]]) -> bytes:
    """For each column one bar of each row, side by side."""
    return _of_rows(pygal.Bar, title, columns, rows)


def bars(title: str, values: Mapping[str, float], *, marks: Sequence[float] = ()) -> bytes:
    """One bar for each name; `marks` are drawn as lines of the scale."""
    chart = pygal.Bar(**_options(title), x_labels=list(values), show_legend=False, y_labels_major=list(marks))
    chart.add(title, [round(value, 3) for value in values.values()])
    if marks:
        chart.y_labels = sorted({0, *marks, *(round(value, 2) for value in values.values())})
    return _drawn(chart)


def _of_rows(kind: type[pygal.Graph], title: str, columns: Sequence[str], rows: Mapping[str, Sequence[int]]) -> bytes:
    chart = kind(**_options(title), x_labels=list(columns))
    for name, values in rows.items():
        chart.add(name, list(values))
    return _drawn(chart)


def _options(title: str) -> dict[str, object]:
    return {
        "title": title,
        "style": _STYLE,
        "js": [],
        "legend_at_bottom": True,
        "width": 720,
        "height": 360,
        "disable_xml_declaration": True,
    }


def _drawn(chart: pygal.Graph) -> bytes:
    """Without the settings that Pygal adds for a script of its own."""
    root = chart.render_tree()
    for parent in list(root.iter()):
        for child in list(parent):
            if str(child.tag).endswith("script"):
                parent.remove(child)
    drawn: bytes = ElementTree.tostring(root)
    return drawn
