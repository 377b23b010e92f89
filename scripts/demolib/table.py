# SPDX-License-Identifier: GPL-2.0-only
"""Tables: rows of text, whose first columns are words and the others numbers."""
from html import escape


def columns(rows, left):
    """Lines for a terminal, and the columns' widths."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    return ["  ".join(
        cell.ljust(width) if i < left else cell.rjust(width)
        for i, (cell, width) in enumerate(zip(row, widths))).rstrip()
            for row in rows], widths


def markdown(headings, rows, left):
    """For a report in Markdown."""
    lines = ["| " + " | ".join(headings) + " |",
             "|" + "|".join("---" if i < left else "--:"
                            for i in range(len(headings))) + "|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def html(headings, rows, left, group=0):
    """For a page; headings are HTML, and group counts the rows of a group."""
    def cells(row, tag):
        return "".join('<%s%s>%s</%s>' % (
            tag, "" if i < left else ' class="number"', cell, tag)
            for i, cell in enumerate(row))
    body = "".join("<tr%s>%s</tr>" % (
        ' class="first"' if group and number % group == 0 else "",
        cells(map(escape, row), "td")) for number, row in enumerate(rows))
    return ("<table><thead><tr>%s</tr></thead><tbody>%s</tbody></table>"
            % (cells(headings, "th"), body))
