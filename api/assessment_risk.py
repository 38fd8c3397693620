"""What could happen, what stands against it in this set-up, and what remains."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from api.assessment import Assessed


@dataclass(frozen=True)
class Risk:
    what: str
    against: str
    remains: str


def risks(assessed: "Assessed") -> list[Risk]:
    """The same in every city but for what its set-up changes."""
    return [*_of_people(assessed), *_of_machines(assessed), *_of_numbers(assessed)]


def _of_people(assessed: "Assessed") -> list[Risk]:
    phones = "the session ends after hours without use; a lost device is signed out at once"
    return [
        Risk(
            "A worker passes a place on, by force or by choice",
            "a worker sees only the areas assigned today; every exact read is in the log",
            "what one person saw, one person can tell; a photo of the screen leaves no trace",
        ),
        Risk(
            "A manager looks at places without need, or takes all of them along in a download",
            "a purpose is asked and logged; downloads are logged; the steward reads the log",
            "it is seen afterwards, not prevented",
        ),
        Risk(
            "A phone is taken while somebody is signed in",
            phones,
            "whoever holds an unlocked phone sees what its owner sees until the session is ended",
        ),
        Risk(
            "Somebody signs in with a stolen password",
            "no second factor is asked: this is a demo"
            if assessed.organisation.is_demo
            else "managers, planners and stewards need a second factor; guessing is slowed down",
            "whatever the account reaches"
            if assessed.organisation.is_demo
            else "a streetworker without a second factor: the areas of one worker",
        ),
        Risk(
            "An authority asks for places by letter or by force",
            "Lantern has no role for it; each request is registered, and released by two persons or refused; exact "
            "exports are frozen meanwhile",
            "the service has to refuse or obey: a program cannot",
        ),
        Risk(
            "A name or an illness is written into free text",
            "notes are sealed, and are read by the workers who reach the place alone",
            "names of places are not sealed, and managers read them",
        ),
    ]


def _of_machines(assessed: "Assessed") -> list[Risk]:
    kept = (
        "in another place than the database" if assessed.settings.key_file else "beside the database, in LANTERN_HOME"
    )
    anchored = (
        "a copy of each anchor leaves the machine"
        if assessed.settings.anchor_command
        else "anchors lie on the same machine only"
    )
    return [
        Risk(
            "A copy of the database or a backup gets out",
            f"notes and secrets are sealed; the master key lies {kept}",
            "exact places, names of places, visits and names of staff are readable in it",
        ),
        Risk(
            "Whoever administers the machine reads, or alters the log",
            f"the log is chained; {anchored}",
            "whoever has database and master key reads all of it",
        ),
        Risk(
            "A fault in Lantern shows a row to the wrong person",
            "the database holds the rows apart a second time, by policies that bind the server's login"
            if not assessed.inventory.connection.passes_by
            else "nothing: no policy binds the server's login in this set-up",
            "a fault in both",
        ),
        Risk(
            "Data are lost, and somebody is not found",
            "what was acknowledged is stored; whoever runs the machine makes copies",
            "without copies elsewhere, the disk",
        ),
    ]


def _of_numbers(assessed: "Assessed") -> list[Risk]:
    paid = sum(assessed.inventory.paid)
    return [
        Risk(
            "Releases tell where somebody sleeps",
            f"counts of whole squares or districts with noise, drawn once; the most that a place paid is ε {paid:g}"
            if assessed.releases
            else "none was drawn",
            "that there are many places in a square is said on purpose; a small town has few squares",
        )
    ]
