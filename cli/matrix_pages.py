"""The matrix as a page, for a document or a browser: one table and the gaps, every name escaped."""

import html as markup
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cli.output import Output
from cli.visible import one_line

HEAD = ("From", "To", "Expects", "Data", "Last word")
OBSERVED_HEAD = ("Calls", "Retries", "p95 s", "Events")
_MD_SPECIAL = re.compile(r"([\\`*\[\]<>|~&])")
_MOST = 2000
"""Characters of one cell, at most."""


def markdown(out: Output, shape: Mapping[str, Any]) -> None:
    """A table in GitHub's Markdown."""
    out.text(f"# Who expects what from whom: {_md(shape['floor'])}")
    out.text("")
    head = _head(shape)
    out.text(f"| {' | '.join(head)} |")
    out.text(f"|{' --- |' * len(head)}")
    for row in _rows(shape):
        out.text(f"| {' | '.join(_md(text) for text in row)} |")
    out.text("")
    out.text("Gaps:" if shape["gaps"] else "No gaps.")
    if shape["gaps"]:
        out.text("")
    for gap in _gaps(shape):
        out.text(f"- {_md(gap)}")


def html(out: Output, shape: Mapping[str, Any]) -> None:
    """A page that needs nothing else: no script, no style sheet, no picture."""
    title = f"Who expects what from whom: {_html(shape['floor'])}"
    out.text(f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{title}</title>')
    out.text(f'<h1>{title}</h1>\n<table border="1" cellpadding="4">')
    for tag, row in (("th", _head(shape)), *(("td", row) for row in _rows(shape))):
        out.text(f"<tr>{''.join(f'<{tag}>{_html(text)}</{tag}>' for text in row)}</tr>")
    out.text(f"</table>\n<h2>{'Gaps' if shape['gaps'] else 'No gaps'}</h2>\n<ul>")
    for gap in _gaps(shape):
        out.text(f"<li>{_html(gap)}</li>")
    out.text("</ul>\n</html>")


def _head(shape: Mapping[str, Any]) -> Sequence[str]:
    return (*HEAD, *OBSERVED_HEAD) if _is_observed(shape) else HEAD


def _rows(shape: Mapping[str, Any]) -> Iterator[list[str]]:
    for cell in shape["cells"]:
        row = [cell["from"], cell["to"], ", ".join(cell["expects"]), ", ".join(cell["data"])]
        row.append(cell["authority"])
        if _is_observed(shape):
            seen = cell["observed"]
            took = "" if seen["p95_s"] is None else str(seen["p95_s"])
            row += [str(seen["calls"]), str(seen["retries"]), took, str(seen["events"])]
        yield row


def _is_observed(shape: Mapping[str, Any]) -> bool:
    return any(cell["observed"] is not None for cell in shape["cells"])


def _gaps(shape: Mapping[str, Any]) -> Iterator[str]:
    return (f"{gap['message']} [{gap['code']}]" for gap in shape["gaps"])


def _md(text: str) -> str:
    return _MD_SPECIAL.sub(r"\\\1", one_line(text, _MOST))


def _html(text: str) -> str:
    return markup.escape(one_line(text, _MOST))
