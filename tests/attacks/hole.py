"""How a hole is put into Lantern: by a patch of the code that runs, or by a statement of the tables' owner."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

HOUSE = ("api", "geo", "web", "tests")
Patch = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True)
class Hole:
    """`caught_by` are the ordinary tests that must fail while it is open, each alone. `sql` runs as the superuser on
    the database of a test before anything is in it; `undo` puts right what is not of that database alone."""

    name: str
    caught_by: tuple[str, ...]
    patch: Patch | None = None
    sql: str = ""
    undo: str = ""


def swap(original: Any, instead: Any) -> Patch:
    """Puts something in the place of a function, wherever in the house it was imported to."""

    def patch(patch: pytest.MonkeyPatch) -> None:
        found = 0
        for name, module in list(sys.modules.items()):
            if name.partition(".")[0] in HOUSE and module is not sys.modules[__name__]:
                for at, value in list(vars(module).items()):
                    if value is original:
                        patch.setattr(module, at, instead)
                        found += 1
        assert found, f"{original} is nowhere to be found"

    return patch


def put(target: object, name: str, instead: Any) -> Patch:
    """Puts something in the place of an attribute; it must be there."""
    return lambda patch: patch.setattr(target, name, instead)


def nothing(*_: Any, **__: Any) -> None:
    """In the place of a check."""


async def nothing_at_all(*_: Any, **__: Any) -> None:
    """In the place of a check that is awaited."""


def policy(table: str, name: str, old: str, new: str, part: str = "qual") -> str:
    """Changes a policy's words, as PostgreSQL writes them; a fault if they are not in it."""
    clause = "USING" if part == "qual" else "WITH CHECK"
    return f"""
        DO $hole$
        DECLARE said text;
        BEGIN
            SELECT {part} INTO STRICT said FROM pg_policies
                WHERE schemaname = 'lantern' AND tablename = '{table}' AND policyname = '{name}';
            IF position($old${old}$old$ IN said) = 0 THEN
                RAISE EXCEPTION 'the policy does not say so: %', said;
            END IF;
            EXECUTE 'ALTER POLICY {name} ON lantern.{table} {clause} ('
                || replace(said, $old${old}$old$, $new${new}$new$) || ')';
        END $hole$;"""


def function(names: str, old: str, new: str) -> str:
    """Changes words in functions of the database; a fault if they are not in each."""
    listed = ", ".join(f"'{name}'" for name in names.split())
    return f"""
        DO $hole$
        DECLARE said text;
        BEGIN
            FOR said IN SELECT pg_get_functiondef(oid) FROM pg_proc
                WHERE pronamespace = 'lantern'::regnamespace AND proname IN ({listed})
            LOOP
                IF position($old${old}$old$ IN said) = 0 THEN
                    RAISE EXCEPTION 'the function does not say so: %', said;
                END IF;
                EXECUTE replace(said, $old${old}$old$, $new${new}$new$);
            END LOOP;
        END $hole$;"""
