"""Who saw which site, when and why."""

from collections.abc import Container
from functools import partial
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import ConfigDict
from starlette.responses import Response

from api.asking import Asked
from api.log import LogQuery, Stewarding, wanted_of
from api.problem import INVALID_INPUT, Problem
from geo.account_query import list_accounts
from geo.log import Act
from geo.log_query import Logged, list_log
from web.form import TypedId, read
from web.i18n import N_
from web.page import render

router = APIRouter(prefix="/steward", include_in_schema=False)
PAGE = 50
ACTS = {
    Act.ACCOUNT_ERASED: N_("erased an account"),
    Act.ALERT_ANSWERED: N_("answered an alert"),
    Act.ALERT_FALSE: N_("ended an alert as a false alarm"),
    Act.ALERT_OVER: N_("ended an alert"),
    Act.ALERT_RAISED: N_("raised an alert"),
    Act.ALERT_SEEN: N_("said that they saw an alert"),
    Act.CHANGED: N_("changed"),
    Act.CITY_ACCOUNT_TIED: N_("tied an account of the city"),
    Act.CITY_SIGN_IN_SET: N_("set the city's sign-in"),
    Act.CREATED: N_("made"),
    Act.DEVICE_REVOKED: N_("signed a device out"),
    Act.EPOCH_RENEWED: N_("began a new epoch"),
    Act.ERASED: N_("erased"),
    Act.EXPORTED: N_("exported"),
    Act.IMPORTED: N_("imported"),
    Act.KEYS_ROTATED: N_("rotated keys"),
    Act.LAW_DOWNLOADED: N_("fetched the file of a request by law"),
    Act.LAW_PROPOSED: N_("proposed release to an authority"),
    Act.LAW_REFUSED: N_("refused a request by law"),
    Act.LAW_REGISTERED: N_("registered a request by law"),
    Act.LAW_RELEASED: N_("agreed, and released to an authority"),
    Act.MADE_TO_WAIT: N_("was made to wait"),
    Act.PASSKEY_ADDED: N_("added a passkey"),
    Act.PASSKEY_REMOVED: N_("removed a passkey"),
    Act.PASSWORD_CHANGED: N_("changed the password"),
    Act.PURPOSE_ENDED: N_("ended a purpose"),
    Act.PURPOSE_STATED: N_("stated a purpose"),
    Act.READ: N_("saw"),
    Act.RECOVERY_CODE_USED: N_("used a recovery code"),
    Act.RECOVERY_CODES_RENEWED: N_("made new recovery codes"),
    Act.REFUSED: N_("was refused"),
    Act.RELEASED: N_("drew"),
    Act.RETENTION_CHANGED: N_("changed a rule of"),
    Act.RETENTION_RAN: N_("ran retention on"),
    Act.SECOND_FACTOR_FAILED: N_("gave a wrong code"),
    Act.SECOND_FACTOR_RESET: N_("took the second factor away"),
    Act.SECOND_FACTOR_SET: N_("set up a second factor"),
    Act.SIGNED_IN: N_("signed in"),
    Act.SIGNED_OUT: N_("signed out"),
    Act.SIGN_IN_FAILED: N_("failed to sign in"),
    Act.TOKEN_MADE: N_("made an access token"),
    Act.TOKEN_REVOKED: N_("revoked an access token"),
    Act.WIDENING_ASKED: N_("asked to see another area"),
    Act.WIDENING_ENDED: N_("ended a widening"),
    Act.WIDENING_GRANTED: N_("let someone see another area"),
    Act.WIDENING_REFUSED: N_("refused a widening"),
}
NOUNS = {
    "account": "",
    "access_token": "",
    "organisation_key": "",
    "patrol": N_("patrols"),
    "patrols": N_("patrols"),
    "session": "",
    "alert": "",
    "alerts": N_("alerts"),
    "areas": N_("work areas"),
    "assignment": N_("assignments"),
    "coverage": N_("coverage"),
    "district": N_("districts"),
    "deliveries": N_("records of what phones sent"),
    "delivery": N_("what phones sent"),
    "delivery_key": "",
    "epoch": "",
    "districts": N_("districts"),
    "law_file": N_("files of requests by law"),
    "law_request": "",
    "log": N_("the log"),
    "observations": N_("observations"),
    "release": N_("a release"),
    "access-tokens": N_("access tokens"),
    "changes": N_("the history of changes"),
    "closed-sites": N_("closed sites"),
    "retention": N_("retention"),
    "retention-run": N_("all kinds of data"),
    "sessions": N_("sessions"),
    "site": N_("sites"),
    "sites": N_("sites"),
    "visit": N_("visits and their sites"),
    "team": N_("teams"),
    "visits": N_("visits"),
    "widening": "",
    "work_area": N_("work areas"),
}


FIELDS = {"roles": N_("roles"), "left_on": N_("last day")}
"""What of an account was changed, as the entry's detail names it."""
FILTERS = {"account", "act", "from", "to", "row"}
OWN_NOUNS = {"session", "access_token", "organisation_key", "retention-run"}


class LogForm(LogQuery):
    model_config = ConfigDict(extra="ignore")

    row: TypedId | None = None


def names_rows(row: Logged, names: Container[UUID]) -> bool:
    """Does an entry name rows to look at: other than whoever acted, what is theirs alone, or one colleague by name?"""
    own = row.noun in OWN_NOUNS or (row.noun == "account" and row.ids == [row.account_id])
    return bool(row.ids) and not own and not names_person(row, names)


def names_person(row: Logged, names: Container[UUID]) -> bool:
    """Does it name one colleague, somebody else than who acted?"""
    return row.noun == "account" and row.count == 1 and row.ids[0] in names and row.ids[0] != row.account_id


@router.get("")
async def log_page(request: Request, asked: Stewarding) -> Response:
    """The log with its filters; each row leads to the history of the person or of the site."""
    fields = dict(request.query_params)
    query, wrong = read(LogForm, fields)
    if unknown := wrong.keys() - FILTERS:
        raise Problem(INVALID_INPUT, errors=[{"where": f"query.{name}", "what": "is wrong"} for name in unknown])
    rows = await _rows(asked, query) if query else []
    people = await list_accounts(asked.session, asked.asker.organisation_id)
    names = {person.id: person.name for person in people}
    context: dict[str, Any] = {
        "rows": rows[:PAGE],
        "older": rows[PAGE - 1].seq if len(rows) > PAGE else None,
        "people": people,
        "names": names,
        "asked_for": query or LogForm(),
        "typed": {name: fields.get(name, "") for name in FILTERS},
        "wrong": wrong,
        "acts": ACTS,
        "nouns": NOUNS,
        "fields": FIELDS,
        "names_rows": partial(names_rows, names=names),
        "names_person": partial(names_person, names=names),
    }
    return render(request, "steward/log.html", asked.asker, 422 if wrong else 200, **context)


async def _rows(asked: Asked, query: LogForm) -> list[Logged]:
    asked.saw("log", [query.row] if query.row else [])
    wanted = wanted_of(asked, query)
    return await list_log(asked.session, asked.asker.organisation_id, wanted, query.before, PAGE + 1)
