"""This file lets a template be read: its variables and its control stand out from its text. Pure."""

import re
from dataclasses import dataclass

TOKEN = re.compile(
    r"(?P<raw>\{%-?\s*raw\s*-?%\}(?P<inside>.*?)\{%-?\s*endraw\s*-?%\})"
    r"|\{\{-?\s*(?P<variable>.*?)\s*-?\}\}"
    r"|\{%-?\s*(?P<tag>.*?)\s*-?%\}"
    r"|(?P<comment>\{#.*?#\})"
    r"|(?P<heading>^\#{1,6}[ ][^\n{]+)",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a template: `kind` is text, heading, variable or tag."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Part:
    """One message of a chat, or a whole text, whose role is empty."""

    role: str
    pieces: list[Piece]


def pieces_of(template: str) -> list[Piece]:
    """The template in order, its comments left out."""
    pieces: list[Piece] = []
    end = 0
    for found in TOKEN.finditer(template):
        if found.start() > end:
            pieces.append(Piece("text", template[end : found.start()]))
        end = found.end()
        if found["raw"] is not None:
            pieces.append(Piece("text", found["inside"]))
        elif found["variable"] is not None:
            pieces.append(Piece("variable", found["variable"]))
        elif found["tag"] is not None:
            pieces.append(Piece("tag", found["tag"]))
        elif found["heading"] is not None:
            pieces.append(Piece("heading", found["heading"]))
    if end < len(template):
        pieces.append(Piece("text", template[end:]))
    return pieces


def parts_of(kind: str, content: object) -> list[Part]:
    """A version's content, to be read."""
    if kind == "chat" and isinstance(content, list):
        return [Part(message["role"], pieces_of(message["content"])) for message in content]
    return [Part("", pieces_of(str(content)))]
