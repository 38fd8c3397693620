"""Notes over HTTP: they are for workers who reach the place. A manager hears that there is one, not what it says."""

from dataclasses import dataclass

from api.asking import Asked
from api.vault import Keys
from geo.account import Role
from geo.note import Noted, opened_note, sealed_note_of


@dataclass(frozen=True)
class Notes:
    """How notes are written, and whether they are shown to who asks."""

    keys: Keys
    readable: bool

    @property
    def reader(self) -> Keys | None:
        """What opens notes for who asks; nothing where they stay closed."""
        return self.keys if self.readable else None

    def shown(self, row: Noted) -> dict[str, str | bool | None]:
        """The members of a row that tell of its note."""
        sealed = sealed_note_of(row)
        text = opened_note(self.reader, type(row), row.id, sealed) if self.reader else None
        name = "note" if row.__tablename__ == "visit" else "access_note"
        return {name: text, f"has_{name}": sealed is not None}


async def notes_for(asked: Asked) -> Notes:
    """Streetworkers read the notes of what they reach. Whoever is a manager too reaches more than that, and reads them
    on the phone. Ask before reading rows: see `Vault.keys`."""
    roles = asked.asker.roles
    return Notes(await asked.keys(), Role.STREETWORKER in roles and Role.MANAGER not in roles)
