# SPDX-License-Identifier: Apache-2.0
"""What makes a long report easy to find one's place in: a table of contents, and pages that bear numbers."""

import re

from energy_runner.report.markup import Html, tag

_HEADING = re.compile(r'<h2 id="([a-z-]+)-title">(.*?)</h2>', re.DOTALL)
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._: ")


def contents(sections: str) -> Html:
    """Return links to the sections, in their order; empty for fewer than two."""
    found = _HEADING.findall(sections)
    if len(found) < 2:
        return Html("")
    links = [tag("li", tag("a", Html(title), href=f"#{identifier}")) for identifier, title in found]
    return tag("nav", tag("strong", "Contents"), tag("ol", *links), class_="contents", aria_label="Contents")


def page_marks(session_id: str) -> str:
    """Return the style that prints the session's id and the page's number at the foot of each page."""
    return (
        "@media print { @page { "
        f'@bottom-left {{ content: "Session {_quoted(session_id)}"; }} '
        '@bottom-right { content: "Page " counter(page) " of " counter(pages); } } }\n'
    )


def _quoted(text: str) -> str:
    """Return text for a CSS string; anything but plain signs is escaped, so that nothing can end it."""
    return "".join(sign if sign in _PLAIN else f"\\{ord(sign):x} " for sign in text)
