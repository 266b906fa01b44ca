"""From a template's text to its syntax tree, within bounds that keep every later step short and flat.

The bounds are looked at on the tokens, before Jinja2's recursive parser sees them: no depth of the text may exhaust the
stack, and only the tags that are Assay's reach the parser at all.
"""

import re

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.lexer import Token, TokenStream
from jinja2.parser import Parser

from assay.core.errors import AssayError, FieldError

TEMPLATE_LIMIT = 256 * 1024  # bytes of UTF-8
MAX_TAGS = 5_000
MAX_TAG_TOKENS = 250
MAX_NESTING = 20  # brackets, `not`, inline `if` and signs in one tag: each is a recursion of the parser
MAX_BLOCKS = 16
TAGS = frozenset({"if", "elif", "else", "endif", "for", "endfor"})
NESTING = frozenset({"lparen", "lbracket", "sub"})
REFUSED = {
    "add": "+",
    "assign": "=",
    "colon": ":",
    "div": "/",
    "floordiv": "//",
    "lbrace": "{",
    "mod": "%",
    "mul": "*",
    "pow": "**",
    "semicolon": ";",
    "tilde": "~",
}
UNPRINTABLE = re.compile("[\x00\ud800-\udfff]")

# Nothing but its lexer and parser is used: no template is ever made into Python code.
_environment = Environment(keep_trailing_newline=True, autoescape=False, cache_size=0, optimized=False)  # noqa: S701


def parse(text: str, pointer: str) -> nodes.Template:
    """The syntax tree of a template, not yet checked node by node.

    Raises `template_too_large` above 256 KiB of UTF-8, and `invalid_template`, with the line, when it does not parse,
    holds a tag or an operator that is not part of Assay's templates, or is nested too deeply.
    """
    if not isinstance(text, str):
        raise refusal(pointer, "A template is a string.")
    if len(text) > TEMPLATE_LIMIT or len(text.encode("utf-8", "surrogatepass")) > TEMPLATE_LIMIT:
        detail = "A template holds at most 256 KiB."
        raise AssayError("template_too_large", detail, errors=[FieldError(pointer, "template_too_large", detail)])
    unprintable = UNPRINTABLE.search(text)
    if unprintable:
        line = text.count("\n", 0, unprintable.start()) + 1
        raise refusal(pointer, "NUL and half surrogate pairs cannot stand in a template.", line)
    try:
        tokens = list(_environment.lexer.tokenize(text))
        _check_tokens(tokens, pointer)
        return _parse(tokens)
    except TemplateSyntaxError as error:
        raise refusal(pointer, f"{error.message}", error.lineno) from None
    except (ValueError, OverflowError):
        raise refusal(pointer, "A number in the template is too long.") from None


def refusal(pointer: str, detail: str, line: int | None = None) -> AssayError:
    """The error `invalid_template`, with the line where it is known."""
    sentence = detail if line is None else f"Line {line}: {detail}"
    extra = {} if line is None else {"line": line}
    errors = [FieldError(pointer, "invalid_template", sentence)]
    return AssayError("invalid_template", sentence, errors=errors, extra=extra)


def _parse(tokens: list[Token]) -> nodes.Template:
    """Parse the very tokens that were checked."""
    parser = Parser(_environment, "")
    parser.stream = TokenStream(tokens, None, None)
    return parser.parse()


def _check_tokens(tokens: list[Token], pointer: str) -> None:
    tags = length = nesting = blocks = 0
    opening = False
    for token in tokens:
        if token.type in ("block_begin", "variable_begin"):
            tags, length, nesting = tags + 1, 0, 0
            opening = token.type == "block_begin"
            continue
        length += 1
        if opening:
            opening = False
            blocks += _block_step(token, pointer)
        else:
            nesting += _nests(token, pointer)
        if max(tags / MAX_TAGS, length / MAX_TAG_TOKENS, nesting / MAX_NESTING, blocks / MAX_BLOCKS) > 1:
            raise refusal(pointer, "The template is too deep or too long-winded here.", token.lineno)


def _block_step(token: Token, pointer: str) -> int:
    """How many blocks deeper a tag leads; refuses tags that Assay does not know."""
    if token.value not in TAGS:
        raise refusal(pointer, f"The tag {str(token.value)[:40]!r} is not part of Assay's templates.", token.lineno)
    return {"if": 1, "for": 1, "endif": -1, "endfor": -1}.get(token.value, 0)


def _nests(token: Token, pointer: str) -> int:
    if token.type in REFUSED:
        raise refusal(pointer, f"{REFUSED[token.type]!r} is not part of Assay's templates.", token.lineno)
    return token.type in NESTING or (token.type == "name" and token.value in ("not", "if", "else"))
