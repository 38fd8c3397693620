"""What the environment says."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from api.settings import Settings


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_usual_form_of_a_database_address_names_our_driver(scheme: str) -> None:
    settings = Settings(database_url=f"{scheme}://lantern:a%40b@db.example/lantern?sslmode=require")
    assert settings.database_url == "postgresql+psycopg://lantern:a%40b@db.example/lantern?sslmode=require"


def test_the_password_of_a_database_is_not_shown_with_the_settings() -> None:
    assert "hemmelig" not in repr(Settings(database_url="postgresql://lantern:hemmelig@db.example/lantern"))


@pytest.mark.parametrize(
    ("host", "alone"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.0.2.7", False),
        ("map.doggerstad.example", False),
    ],
)
def test_only_addresses_of_this_machine_are_loopback(host: str, alone: bool) -> None:
    assert Settings(host=host).on_loopback is alone


def test_the_usual_home_follows_the_desktop_standard(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("LANTERN_HOME", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert Settings().home == tmp_path / "lantern"
    monkeypatch.setenv("XDG_DATA_HOME", "not/absolute")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Settings().home == tmp_path / ".local" / "share" / "lantern"


def test_a_home_may_be_relative_or_start_with_a_tilde(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LANTERN_HOME", "~/here")
    assert Settings().home == tmp_path / "here"
    monkeypatch.setenv("LANTERN_HOME", "there")
    assert Settings().home == tmp_path / "there"


@pytest.mark.parametrize(
    ("given", "origin"),
    [
        ("https://lantern.gent.example", "https://lantern.gent.example"),
        ("https://Lantern.Gent.example:443/", "https://lantern.gent.example"),
        ("https://lantern.gent.example:8443", "https://lantern.gent.example:8443"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("https://[2001:db8::7]", "https://[2001:db8::7]"),
    ],
)
def test_the_address_for_browsers_is_an_origin(given: str, origin: str) -> None:
    assert Settings(origin=given).origin == origin


@pytest.mark.parametrize(
    "given",
    [
        "http://lantern.gent.example",
        "lantern.gent.example",
        "https://gent.example/lantern",
        "https://",
        "https://a:b@c",
    ],
)
def test_an_address_that_is_no_secure_origin_is_refused(given: str) -> None:
    with pytest.raises(ValidationError):
        Settings(origin=given)
