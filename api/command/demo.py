"""`lantern demo`: the made-up town, loaded into an empty database."""

import asyncio
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from api.command.connection import connected
from api.command.refusal import Refusal
from api.command.vault import ready_vault
from api.demo import DEMO_PASSWORD, DEMO_SEED, DemoExists, DemoSummary, load_demo
from api.demo_person import demo_people_at
from api.settings import Settings
from api.vault import Vault


def run_demo(
    seed: Annotated[int, typer.Option(min=0, help="Another number makes another town, just as made up.")] = DEMO_SEED,
) -> None:
    """Load Doggerstad, a made-up town with workers, sites and a year of visits.

    `lantern up` does this by itself when its database is empty. The people of the demo have a password that everybody
    knows, so Lantern shows itself on loopback only while they are there.
    """
    settings = Settings()
    if not settings.on_loopback:
        raise Refusal(
            f"The demo's passwords are known to everybody, and {settings.host} can be reached from other machines. "
            "Set LANTERN_HOST to 127.0.0.1, or do without the demo."
        )
    with connected(settings) as url:
        summary = _load(url, ready_vault(settings, url), seed)
        people = asyncio.run(demo_people_at(url))
    typer.echo(
        f"Doggerstad is there: {summary.sites} sites, {summary.visits} visits, {summary.districts} districts, "
        f"{summary.work_areas} work areas.\n"
        f"Sign in as one of these; the password of all is: {DEMO_PASSWORD}"
    )
    for person in people:
        typer.echo(f"  {person.email:<32} {', '.join(person.roles)}")


def _load(url: str, vault: Vault, seed: int) -> DemoSummary:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Making the town", total=None)

        def told(what: str, done: int, total: int) -> None:
            progress.update(task, description=f"Loading {what}" if what else "Done", completed=done, total=total)

        try:
            return asyncio.run(load_demo(url, vault, seed=seed, told=told))
        except DemoExists:
            raise Refusal("There is an organisation doggerstad already; nothing was changed.") from None
