"""The database that a command works on: the one outside, or the private cluster, started for the time when it rests."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import OperationalError

from api.cluster import ADMIN, SERVER, Cluster, HomeInUse
from api.command.refusal import Refusal
from api.key_file import KeyFile
from api.migration import at_head, migrate
from api.settings import Settings

TRIES = 5


@contextmanager
def connected(settings: Settings) -> Iterator[str]:
    """SQLAlchemy's URL of a migrated database, as the server signs in; good until the block ends.

    Raises Refusal when an outside database lacks migrations, ClusterError when the private cluster does not start.
    """
    if settings.database_url is not None:
        require_head(settings.database_url)
        yield settings.database_url
        return
    with _some_cluster(settings) as cluster:
        if cluster.running:
            migrate(cluster.url(ADMIN), SERVER, KeyFile.of(settings))
        else:
            require_head(cluster.url())
        yield cluster.url()


def require_head(url: str) -> None:
    """Raises Refusal unless the database answers and has every migration of this version."""
    try:
        ready = at_head(url)
    except OperationalError:
        raise Refusal("The database does not answer. Check LANTERN_DATABASE_URL and that the server runs.") from None
    if not ready:
        raise Refusal("The database is not of this version of Lantern. Run `lantern migrate` first.")


@contextmanager
def _some_cluster(settings: Settings) -> Iterator[Cluster]:
    """The cluster in the home: our own while nobody else runs it, else a guest's seat in theirs."""
    cluster = Cluster(settings.home)
    for _ in range(TRIES):
        try:
            cluster.start()
        except HomeInUse:
            if not cluster.join():
                continue
        try:
            yield cluster
        finally:
            cluster.stop(after_guests=True)
        return
    raise HomeInUse(f"The cluster in {settings.home} keeps starting and stopping. Try again in a minute.")
