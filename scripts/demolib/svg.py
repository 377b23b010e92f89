# SPDX-License-Identifier: GPL-2.0-only
"""Drawing: a picture of a given size, and what charts share.

Colours are classes, so that the page's style sheet can have a light and a
dark set: `k-NAME` fills, `s-NAME` strokes.
"""
import math
from html import escape

WIDTH = 960
CHAR = 6.7                      # mean width of a character at 12.5 px
LABEL_ROOM = 12                 # beside a label inside a bar


def nice_ceiling(value, steps=5):
    """(top, step) of an axis from 0 that holds the value."""
    if value <= 0:
        return 1.0, 1.0
    raw = value / steps
    power = 10 ** math.floor(math.log10(raw))
    step = next(power * f for f in (1, 2, 2.5, 5, 10) if raw <= power * f)
    return step * math.ceil(value / step - 1e-9), step


def legend_width(text):
    """Room that an entry of a legend takes."""
    return 17 + CHAR * len(text) + 18


class Picture:
    """Collects elements; str() is the svg element."""

    def __init__(self, height, title):
        self.height = height
        self._title = title
        self._parts = []

    def rect(self, x, y, width, height, kind, hint=None, extra=""):
        """A filled rectangle; hint shows when the pointer is over it."""
        inside = "<title>%s</title>" % escape(hint) if hint else ""
        self._parts.append(
            '<rect class="%s" x="%.1f" y="%.1f" width="%.1f" height="%.1f"'
            "%s>%s</rect>" % (kind, x, y, max(width, 0), max(height, 0),
                              extra, inside))

    def line(self, x1, y1, x2, y2, kind="grid"):
        """A straight line."""
        self._parts.append(
            '<line class="%s" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>'
            % (kind, x1, y1, x2, y2))

    def text(self, x, y, text, kind="", anchor="start"):
        """A line of text; kind: muted, bold, small ..."""
        self._parts.append(
            '<text class="%s" x="%.1f" y="%.1f" text-anchor="%s">%s</text>'
            % (kind, x, y, anchor, escape(text)))

    def legend(self, x, y, entries):
        """(kind, text) side by side from x; returns where they end."""
        for kind, text in entries:
            self.rect(x, y - 10, 12, 12, kind, extra=' rx="2"')
            self.text(x + 17, y, text, "muted")
            x += legend_width(text)
        return x

    def __str__(self):
        return ('<svg viewBox="0 0 %d %d" role="img" aria-label="%s">%s</svg>'
                % (WIDTH, self.height, escape(self._title, quote=True),
                   "".join(self._parts)))


class Scale:
    """Values to positions along one axis."""

    def __init__(self, top, start, end):
        self.top, self.start, self.end = top, start, end

    def __call__(self, value):
        return self.start + (self.end - self.start) * value / self.top


def horizontal_grid(picture, scale, step, left, right, form):
    """Lines and labels of a vertical axis."""
    value = 0.0
    while value <= scale.top * 1.0001:
        y = scale(value)
        picture.line(left, y, right, y, "axis" if value == 0 else "grid")
        picture.text(left - 8, y + 4, form(value), "muted", "end")
        value += step


def vertical_grid(picture, scale, step, top, bottom, form):
    """Lines and labels of a horizontal axis, labels below."""
    value = 0.0
    while value <= scale.top * 1.0001:
        x = scale(value)
        picture.line(x, top, x, bottom, "axis" if value == 0 else "grid")
        picture.text(x, bottom + 16, form(value), "muted", "middle")
        value += step


def stacked_row(picture, scale, y, height, segments):
    """One horizontal bar of (kind, value, hint, label); returns its end.

    Labels go into the segments that are wide enough for them.
    """
    at = 0.0
    for kind, value, hint, label in segments:
        x, end = scale(at), scale(at + value)
        if value > 0:
            picture.rect(x, y, end - x, height, kind, hint)
        if label and end - x > CHAR * len(label) + LABEL_ROOM:
            picture.text((x + end) / 2, y + height / 2 + 4, label,
                         "on-bar", "middle")
        at += value
    return scale(at)
