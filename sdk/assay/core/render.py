"""Templates: a checked subset of Jinja2, safe to render in the caller's process.

Output, attributes and indexes, `if` (also inline), `for` over a variable (two deep, 1,000 items), comparison, `in`,
`and`, `or`, `not`, `is defined`, `raw`, comments, the filters of `assay.core.template.filters`, and `default`. No
calls, no arithmetic, no macros, no imports.

What is not given and need not be (an optional variable, a key of the brand) is null: it prints nothing, is false, loops
zero times, and what is looked up in it is null again. Any other key that is not there is an error that names it.
"""

from collections.abc import Mapping
from typing import Any

from assay.core.brand import BRAND_SCHEMA
from assay.core.schema.against import conflicts
from assay.core.template.compile import Compiler
from assay.core.template.parse import parse, refusal
from assay.core.template.run import OUTPUT_LIMIT, Run, Step, too_large
from assay.core.template.uses import Use


class Template:
    """A checked template, ready to render. `uses` says, by name, how it uses each variable."""

    __slots__ = ("steps", "uses")

    def __init__(self, steps: list[Step], uses: dict[str, Use]) -> None:
        self.steps = steps
        self.uses = uses

    @property
    def names(self) -> set[str]:
        """The variables it reads, `brand` among them if it does."""
        return set(self.uses)

    def render(self, values: Mapping[str, Any], *, limit: int = OUTPUT_LIMIT) -> str:
        """The text with the values filled in; what they hold is never expanded again.

        Raises `output_too_large` above `limit` bytes of UTF-8 (while generating), `template_too_slow`,
        `missing_variable` and `invalid_variable`. The values are those that `Variables.check` returned.
        """
        run = Run(values, limit)
        for step in self.steps:
            step(run)
        text = "".join(run.parts)
        if run.size * 4 > limit and len(text.encode("utf-8", "surrogatepass")) > limit:
            raise too_large()
        return text


def compile_template(text: str, pointer: str = "/content") -> Template:
    """Check a template and make it ready to render.

    Raises `template_too_large` above 256 KiB, and `invalid_template`, with the line, for what does not parse or is not
    part of the subset. `pointer` is where the text stands in the request, for the error.
    """
    tree = parse(text, pointer)
    compiler = Compiler(pointer)
    template = Template(compiler.body(tree.body), compiler.uses)
    brand = compiler.uses.get("brand")
    for path, what in conflicts(BRAND_SCHEMA, brand, ("brand",)) if brand else ():
        raise refusal(pointer, f"{'.'.join(str(name) for name in path if name != 'properties')} {what}")
    return template
