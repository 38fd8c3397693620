"""Reporting SQL lives in named blocks in `.sql` files beside the noun; this reads them."""

import re
from functools import cache
from importlib.resources import files
from types import MappingProxyType

HEAD = re.compile(r"^-- name: (\w+)\s*$", re.MULTILINE)


@cache
def queries(noun: str) -> MappingProxyType[str, str]:
    """The blocks of `geo/<noun>.sql` by name. A block begins with `-- name: its_name`; parameters are `:bound`."""
    parts = HEAD.split((files("geo") / f"{noun}.sql").read_text(encoding="utf-8"))
    return MappingProxyType({name: body.strip() for name, body in zip(parts[1::2], parts[2::2], strict=True)})
