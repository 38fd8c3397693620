"""What the environment says: where Lantern keeps its data and where it listens."""

import ipaddress
import os
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

DRIVER = "postgresql+psycopg"


def _usual_home() -> Path:
    share = os.environ.get("XDG_DATA_HOME", "")
    return (Path(share) if share.startswith("/") else Path.home() / ".local" / "share") / "lantern"


class Settings(BaseSettings):
    """Each setting is an environment variable: LANTERN_HOME, LANTERN_DATABASE_URL, LANTERN_HOST, LANTERN_PORT,
    LANTERN_KEY_FILE, LANTERN_ANCHOR_COMMAND, LANTERN_ORIGIN.

    `database_url` is SQLAlchemy's form of a PostgreSQL address, or None for the private cluster in `home`. `key_file`
    holds the master key, or is None where that lies in `home` too. `anchor_command` is told each anchor of the log.
    `origin` is where browsers find Lantern, as in https://lantern.gent.example, or None where they are on this machine.
    """

    model_config = SettingsConfigDict(env_prefix="LANTERN_", env_ignore_empty=True, hide_input_in_errors=True)

    home: Path = Field(default_factory=_usual_home)
    database_url: Annotated[str | None, Field(repr=False)] = None
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    key_file: Path | None = None
    anchor_command: str | None = None
    origin: str | None = None

    @field_validator("home", "key_file")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        return path and Path(os.path.abspath(path.expanduser()))

    @field_validator("database_url")
    @classmethod
    def _with_driver(cls, url: str | None) -> str | None:
        if url is None:
            return None
        scheme, separator, rest = url.partition("://")
        if not separator or scheme not in ("postgres", "postgresql", DRIVER):
            raise ValueError("a database address starts with postgresql://")
        return f"{DRIVER}://{rest}"

    @field_validator("origin")
    @classmethod
    def _own_origin(cls, origin: str | None) -> str | None:
        if origin is None:
            return None
        parts = urlsplit(origin.strip())
        host = parts.hostname or ""
        secure = parts.scheme == "https" or (parts.scheme == "http" and host == "localhost")
        if not secure or not host or not host.isascii() or parts.path not in ("", "/") or parts.query or parts.username:
            raise ValueError("the address of Lantern for browsers is written as in https://lantern.gent.example")
        host = f"[{host}]" if ":" in host else host
        usual = 443 if parts.scheme == "https" else 80
        return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port not in (None, usual) else "")

    @property
    def address(self) -> str:
        """Where a browser on this machine finds the server."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @property
    def on_loopback(self) -> bool:
        """Whether the server is reachable from this machine only."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False
