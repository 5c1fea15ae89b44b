# SPDX-License-Identifier: Apache-2.0
"""What a user or a file gave, put into a message: one printable line, not too long."""

_LONGEST_WORD = 100


def short_words(text: str) -> str:
    """Return a message in one line that can be printed anywhere, its longest words shortened."""
    words = (word if len(word) <= _LONGEST_WORD else f"{word[: _LONGEST_WORD - 3]}..." for word in text.split())
    return printable(" ".join(words))


def printable(text: str) -> str:
    """Return a text with escapes in place of what breaks a line, colours it, or cannot be written."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def shown(text: object, longest: int = 60) -> str:
    """Return what the user gave, for a message: printable and shortened."""
    given = printable(str(text))
    return given if len(given) <= longest else f"{given[: longest - 3]}..."
