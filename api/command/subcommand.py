"""The commands of `lantern`, each imported when it is asked for: a start takes no longer than what is started needs."""

from collections import UserDict
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

PLACES = {
    "up": ("up", "run_server"),
    "migrate": ("migrate", "run_migrations"),
    "demo": ("demo", "run_demo"),
    "export": ("export", "run_export"),
    "organisation": ("organisation", "app"),
    "account": ("account", "app"),
    "import": ("import_", "app"),
    "map": ("map", "app"),
    "keys": ("keys", "app"),
    "release": ("release", "app"),
    "log": ("log", "app"),
    "dpia": ("dpia", "run_dpia"),
    "retention": ("retention", "app"),
    "erasures": ("erasures", "app"),
    "epoch": ("epoch", "app"),
}
"""In the order of the help: the module in this package, and the function or the group of commands in it."""


class Subcommands(UserDict[str, Any]):
    """Commands by name; a command is imported when it is taken out."""

    def __init__(self) -> None:
        super().__init__(PLACES)

    def __getitem__(self, name: str) -> Any:
        module, what = super().__getitem__(name)
        found = getattr(import_module(f"api.command.{module}"), what)
        around = typer.Typer(rich_markup_mode="markdown")
        if isinstance(found, typer.Typer):
            around.add_typer(found, name=name)
        else:
            around.command(name)(found)
        return get_group(around).commands[name]


class Group(TyperGroup):
    """What `lantern` is: a group that knows the names of its commands before it has them."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.commands = Subcommands()
