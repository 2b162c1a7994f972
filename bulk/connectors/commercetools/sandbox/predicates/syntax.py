"""From text to tree."""

import json
import re
from typing import Final

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

_PARSER: Final = Lark.open(
    "predicate.lark", rel_to=__file__, parser="lalr", propagate_positions=True, maybe_placeholders=False
)

_WORDS: Final = {
    "$END": "the end",
    "COMMA": "comma",
    "LPAR": "'('",
    "RPAR": "')'",
    "COMPARISON": "comparison operator",
    "FIELD": "field identifier",
    "VARIABLE": "input variable",
    "STRING": "string",
    "NUMBER": "number",
    "BOOLEAN": "boolean",
}
"""What a message calls the tokens; keywords are called by their names."""

_ESCAPES: Final = re.compile(r"(?:\\u[0-9a-fA-F]{4})+|\\.", re.DOTALL)
"""Characters beyond the first 65,536 are written as two in a row."""


class BadPredicateError(ValueError):
    """A predicate that is not understood; the message names the place."""

    def __init__(self, complaint: str, text: str, position: int) -> None:
        line = text.count("\n", 0, position) + 1
        start = text.rfind("\n", 0, position) + 1
        end = text.find("\n", position)
        shown = text[start : None if end < 0 else end]
        column = position - start + 1
        self.position = position
        super().__init__(f"{complaint} (line {line}, column {column}):\n{shown}\n{' ' * (column - 1)}^")


def parse(text: str) -> Tree[Token]:
    """The tree of a predicate; raises `BadPredicateError`."""
    try:
        return _PARSER.parse(text)
    except UnexpectedInput as error:
        raise _syntax(text, error) from None


def string(token: Token) -> str:
    """The text of a string token; raises `BadPredicateError`."""

    def plain(escape: re.Match[str]) -> str:
        if escape[0][1] in '"\\/bfnrt' or len(escape[0]) > len("\\u"):
            characters: str = json.loads(f'"{escape[0]}"')
            return characters
        raise BadPredicateError(f"Invalid escape sequence '{escape[0]}'", token, escape.start())

    return _ESCAPES.sub(plain, token)[1:-1]


def _syntax(text: str, error: UnexpectedInput) -> BadPredicateError:
    position: int = error.pos_in_stream  # type: ignore[assignment]  # every kind of error sets it
    expected: set[str] = set()
    if isinstance(error, UnexpectedToken):
        expected = error.accepts or error.expected
        position = len(text) if error.token.type == "$END" else position
    elif isinstance(error, UnexpectedCharacters):
        expected = error.allowed or set()
    found = f"Invalid input '{text[position]}'" if position < len(text) else "Unexpected end of input"
    *most, last = sorted(_WORDS.get(name, name.strip("_").lower()) for name in expected)
    wanted = f"{', '.join(most)} or {last}" if most else last
    return BadPredicateError(f"Syntax error while parsing 'where'. {found}, expected {wanted}", text, position)
