"""Every text is ready for translation, and a translation is spoken as soon as its file is there."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from starlette.requests import Request

from web import catalogue, i18n, page
from web.phone import app

SPOKEN = re.compile(r'(?:\b_|ngettext)\(\s*"([^"]+)"')

POLISH = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2);\\n"

msgid "Sign in"
msgstr "Zaloguj się"

msgid "overdue by one day"
msgid_plural "overdue by %(count)s days"
msgstr[0] "spóźnione o dzień"
msgstr[1] "spóźnione o %(count)s dni (kilka)"
msgstr[2] "spóźnione o %(count)s dni"
"""


@pytest.fixture
def polish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "pl").mkdir()
    (tmp_path / "pl" / "messages.po").write_text(POLISH, encoding="utf-8")
    monkeypatch.setattr(i18n, "LOCALE", tmp_path)
    for kept in (i18n.languages, i18n.translations, page.speaker, page.environment):
        kept.cache_clear()
    yield
    for kept in (i18n.languages, i18n.translations, page.speaker, page.environment):
        kept.cache_clear()


def request(**headers: str) -> Request:
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": pairs})


def test_the_catalogue_holds_every_text_of_the_source() -> None:
    kept = catalogue.TEMPLATE.read_text(encoding="utf-8")
    assert kept == catalogue.as_text(), "run: python -m web.catalogue"


def test_texts_of_pages_maps_problems_and_site_types_are_in_the_catalogue() -> None:
    kept = catalogue.gather()
    for message in ("Log a visit", "Gap: no work area", "There is nothing here.", "Allotment hut", "Nobody found"):
        assert message in kept
    due = kept.get("One place is due")
    assert due
    assert due.pluralizable


def test_every_text_of_the_phone_is_in_the_catalogue() -> None:
    kept, scripts = catalogue.gather(), sorted((catalogue.ROOT / "web" / "scripts" / "phone").glob("*.ts*"))
    spoken = [text for script in scripts for text in SPOKEN.findall(script.read_text(encoding="utf-8"))]
    assert len(spoken) > 80
    assert [text for text in spoken if text not in kept] == []


def test_the_phone_is_told_its_own_words_in_the_forms_of_the_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pl").mkdir()
    (tmp_path / "pl" / "messages.po").write_text(
        POLISH.replace('msgid "overdue', '#: web/scripts/phone/say.ts\nmsgid "overdue'), encoding="utf-8"
    )
    monkeypatch.setattr(i18n, "LOCALE", tmp_path)
    assert json.loads(app.words_of("pl")) == {
        "overdue by one day": ["spóźnione o dzień", "spóźnione o %(count)s dni (kilka)", "spóźnione o %(count)s dni"]
    }
    assert json.loads(app.words_of("en")) == {}


def test_a_translation_is_chosen_by_cookie_account_or_browser(polish: None) -> None:
    assert page.language_of(request(accept_language="nl, pl;q=0.8, en;q=0.5"), None) == "pl"
    assert page.language_of(request(cookie="language=en", accept_language="pl"), None) == "en"
    assert i18n.choose("xx", accepted="fr") == "en"
    assert i18n.choose(accepted="pl;q=nonsense, ;;;") == "en"


def test_words_plurals_dates_and_numbers_follow_the_language(polish: None) -> None:
    template = page.environment("pl", "Europe/Warsaw").from_string(
        "{% from 'phone/late.html' import late %}{{ _('Sign in') }} · {{ late(1) }} · {{ late(3) }} · {{ late(5) }} · "
        "{{ day|date }} · {{ 12345.6|number(1) }} · {{ 0.5|percent }}"
    )
    assert template.render(day=date(2026, 11, 22)).replace("\xa0", " ") == (
        "Zaloguj się · spóźnione o dzień · spóźnione o 3 dni (kilka) · spóźnione o 5 dni · 22 lis 2026 · 12 345,6 · 50%"
    )


def test_what_has_no_translation_yet_stays_english(polish: None) -> None:
    assert page.environment("pl", "UTC").from_string("{{ _('Downloads') }}").render() == "Downloads"


def test_times_are_those_of_the_wall_of_the_organisation() -> None:
    moment = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    speaker = i18n.Speaker("en", "Europe/Warsaw")
    assert speaker.moment(moment) == "23 Nov 2026, 00:30"


@pytest.mark.parametrize(
    ("share", "shown"), [(0, "0%"), (0.001, "1%"), (0.5, "50%"), (0.999, "99%"), (1, "100%"), (None, "–")]
)
def test_a_share_is_never_rounded_to_all_or_nothing(share: float | None, shown: str) -> None:
    assert i18n.Speaker("en", "UTC").percent(share) == shown
