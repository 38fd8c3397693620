"""Every door of the system, written down by hand: who may pass, what they bring, and which row stands behind it.

A new route needs a line here; `test_matrix.py` fails until it has one.
"""

from typing import Any

from tests.attacks.door import (
    ALICE,
    BEN,
    COLLEAGUES,
    DORA,
    EVERYONE,
    KEEPING,
    KNOWING,
    MANAGERS,
    OTTO,
    PLANNING,
    REACHING,
    SIGNED_IN,
    STEFAN,
    WORKERS,
    Door,
)


def _nouns(path: str, name: str, kind: str, readers: frozenset[str], makers: frozenset[str], new: Any) -> list[Door]:
    """The four doors that most nouns have."""
    return [
        Door(f"GET {path}", readers),
        Door(f"GET {path}/{{{name}}}", readers, kind),
        Door(f"POST {path}", makers, body=new),
        Door(f"PATCH {path}/{{{name}}}", makers, kind, body={"name": "another name"}, version=True),
    ]


API = "/api/v1"
SQUARE = {"type": "Polygon", "coordinates": [[[2.3, 54.7], [2.31, 54.7], [2.31, 54.71], [2.3, 54.71], [2.3, 54.7]]]}
SITE = {"geom": {"type": "Point", "coordinates": [2.321, 54.771]}, "site_type": "bridge"}
VISIT = {"visited_at": "2026-03-01T20:00:00Z", "outcome": "met", "people_band": "1"}
PLACE = VISIT | {"geom": SITE["geom"]}
PASSWORD = "a long enough password"
LOG = "observed_on,kind,people,lon,lat\n2024-03-05,tent,2,2.31,54.77\n"
ACCOUNT = {"email": "new@doggerstad.example", "name": "New", "roles": ["desk"], "password": PASSWORD}
CREDENTIAL = {"id": "AAAA", "rawId": "AAAA", "type": "public-key"}
SHOWN = {"clientDataJSON": "AAAA", "authenticatorData": "AAAA", "signature": "AAAA", "userHandle": "AAAA"}
MADE = {"clientDataJSON": "AAAA", "attestationObject": "AAAA"}
FRESH = "01990000-0000-7000-8000-00000000000"

AT_THE_DOOR = [
    *(Door(f"{method} /openapi.json", EVERYONE) for method in ("GET", "HEAD")),
    Door("GET /healthz", EVERYONE),
    Door("GET /static", EVERYONE, at="/static/map.css"),
    Door("GET /sign-in", EVERYONE),
    Door("POST /sign-in", EVERYONE, form={"email": "alice@doggerstad.example", "password": PASSWORD}),
    Door("GET /sign-in/code", EVERYONE),
    Door("POST /sign-in/code", EVERYONE, form={"code": "123456"}),
    Door("POST /sign-out", EVERYONE),
    *(Door(f"POST /{name}", EVERYONE, form={name: value}) for name, value in (("theme", "dark"), ("language", "nl"))),
    Door(f"POST {API}/session", EVERYONE, body={"email": "alice@doggerstad.example", "password": PASSWORD}),
    Door(f"DELETE {API}/session", EVERYONE),
    Door("GET /sign-in/city/back", EVERYONE, instead=dict.fromkeys(EVERYONE, 401)),
    Door("GET /sign-in/city/{city_id}", EVERYONE, plain={"city_id": FRESH + "5"}, instead=dict.fromkeys(EVERYONE, 404)),
    Door(f"POST {API}/session/passkey/challenge", EVERYONE),
    Door(f"POST {API}/session/passkey", EVERYONE, body={"credential": CREDENTIAL | {"response": SHOWN}},
         instead=dict.fromkeys(EVERYONE, 401)),
    Door("GET /maps/{kind}.js", EVERYONE, plain={"kind": "coverage"}),
]  # fmt: skip

OWN = [
    Door("GET /", SIGNED_IN),
    Door(f"GET {API}/session", SIGNED_IN),
    Door(f"PUT {API}/session/purpose", MANAGERS, body={"purpose": "handing over"}),
    Door(f"DELETE {API}/session/purpose", SIGNED_IN),
    Door("GET /purpose", SIGNED_IN),
    Door("POST /purpose", MANAGERS, form={"reason": "handing over"}),
    Door("POST /purpose/end", SIGNED_IN),
    Door(f"GET {API}/me", SIGNED_IN),
    Door(f"POST {API}/me/password", SIGNED_IN, body={"current": PASSWORD, "new": "another password of mine"}),
    Door(f"GET {API}/sessions", SIGNED_IN),
    Door(f"DELETE {API}/sessions", SIGNED_IN),
    Door(f"PATCH {API}/sessions/{{session_id}}", SIGNED_IN, "session", body={"name": "phone"}),
    Door(f"DELETE {API}/sessions/{{session_id}}", SIGNED_IN, "session"),
    Door(f"GET {API}/access-tokens", SIGNED_IN),
    Door(f"POST {API}/access-tokens", SIGNED_IN, body={"name": "QGIS"}),
    Door(f"DELETE {API}/access-tokens/{{token_id}}", SIGNED_IN, "token"),
    Door(f"GET {API}/second-factor", SIGNED_IN),
    Door(f"POST {API}/second-factor/authenticator", SIGNED_IN, body={"password": PASSWORD}),
    Door(f"POST {API}/second-factor/authenticator/confirm", SIGNED_IN, body={"code": "123456"},
         instead=dict.fromkeys(SIGNED_IN, 409)),
    Door(f"POST {API}/second-factor/recovery-codes", SIGNED_IN, body={"password": PASSWORD},
         instead=dict.fromkeys((ALICE, BEN, DORA), 409)),
    Door(f"POST {API}/second-factor/remove", WORKERS | {DORA}, body={"password": PASSWORD}),
    Door(f"GET {API}/passkeys", SIGNED_IN),
    Door(f"POST {API}/passkeys/challenge", SIGNED_IN, body={}),
    Door(f"POST {API}/passkeys", SIGNED_IN, body={"name": "Phone", "credential": CREDENTIAL | {"response": MADE}},
         instead=dict.fromkeys(SIGNED_IN, 422)),
    Door(f"PATCH {API}/passkeys/{{passkey_id}}", SIGNED_IN, "passkey", body={"name": "phone"}),
    Door(f"DELETE {API}/passkeys/{{passkey_id}}", SIGNED_IN, "passkey"),
    Door("GET /account/passkeys", SIGNED_IN),
    Door("POST /account/passkeys/{passkey_id}/name", SIGNED_IN, "passkey", form={"name": "phone"}),
    Door("POST /account/passkeys/{passkey_id}/remove", SIGNED_IN, "passkey"),
    Door("GET /account", SIGNED_IN),
    Door("POST /account/tokens", SIGNED_IN, form={"name": "QGIS"}),
    Door("POST /account/tokens/{token_id}/revoke", SIGNED_IN, "token"),
    Door("POST /account/password", SIGNED_IN,
         form={"current": PASSWORD, "new": "another password of mine", "again": "another password of mine"}),
    Door("POST /account/devices/{session_id}/name", SIGNED_IN, "session", form={"device": "phone"}),
    Door("POST /account/devices/{session_id}/revoke", SIGNED_IN, "session"),
    Door("POST /account/devices/others/revoke-all", SIGNED_IN),
    Door("GET /account/first-password", SIGNED_IN),
    Door("POST /account/first-password", SIGNED_IN,
         form={"current": PASSWORD, "new": "another password of mine", "again": "another password of mine"}),
    Door("GET /account/second-factor", SIGNED_IN),
    Door("POST /account/second-factor/begin", SIGNED_IN, form={"password": PASSWORD}),
    Door("POST /account/second-factor/confirm", SIGNED_IN, form={"code": "123456"},
         instead=dict.fromkeys(SIGNED_IN, 409)),
    Door("POST /account/second-factor/recovery-codes", SIGNED_IN, form={"password": PASSWORD},
         instead=dict.fromkeys((ALICE, BEN, DORA), 409)),
    Door("POST /account/second-factor/remove", WORKERS | {DORA}, form={"password": PASSWORD}),
    Door(f"GET {API}/basemap/{{layer}}", SIGNED_IN, plain={"layer": "water"}),
]  # fmt: skip

PEOPLE = [
    *_nouns(f"{API}/teams", "team_id", "team", KNOWING, KEEPING, {"name": "New team"}),
    Door(f"GET {API}/accounts", COLLEAGUES),
    Door(f"GET {API}/accounts", COLLEAGUES, "team", query="team={team}"),
    Door(f"GET {API}/accounts/{{account_id}}", COLLEAGUES, "account"),
    Door(f"POST {API}/accounts", MANAGERS, body=ACCOUNT, in_person=True),
    Door(f"POST {API}/accounts", MANAGERS, "team", body=ACCOUNT | {"team_id": "{team}"}, in_person=True),
    Door(f"PATCH {API}/accounts/{{account_id}}", KEEPING, "account", body={"name": "Another"}, version=True,
         menders="kept account"),
    Door(f"PATCH {API}/accounts/{{account_id}}", KEEPING, "account", body={"password": "told in the corridor"},
         version=True, menders="account that one gives a password", in_person=True),
    Door(f"DELETE {API}/accounts/{{account_id}}/sessions", KEEPING, "account"),
    Door("GET /accounts", KEEPING),
    Door("POST /accounts", MANAGERS, form={"name": "New", "email": "new@doggerstad.example", "role": "desk",
                                           "password": PASSWORD}, in_person=True),
    Door(f"PATCH {API}/accounts/{{account_id}}", MANAGERS, "team", body={"team_id": "{team}"}, version=True,
         plain={"account_id": "{alice}"}, instead={OTTO: 404}),
    Door("POST /accounts", MANAGERS, "team", form={"name": "New", "email": "new@doggerstad.example", "role": "desk",
                                                   "password": PASSWORD, "team_id": "{team}"}, in_person=True),
    Door("POST /accounts/{account_id}/leave", KEEPING, "colleague", menders="colleague whom one may end"),
    Door("POST /accounts/{account_id}/sign-out", KEEPING, "account"),
]  # fmt: skip

GROUND = [
    *_nouns(f"{API}/districts", "district_id", "district", KNOWING, MANAGERS,
            {"geom": SQUARE, "code": "N9", "name": "New"}),
    *_nouns(f"{API}/work-areas", "area_id", "area", REACHING, MANAGERS,
            {"geom": SQUARE, "name": "New", "valid_from": "2026-01-01"}),
    Door(f"GET {API}/work-areas", REACHING, "account", query="account={account}"),
    Door(f"GET {API}/work-areas", REACHING, "team", query="team={team}"),
    Door(f"POST {API}/work-areas", MANAGERS, "team",
         body={"geom": SQUARE, "name": "New", "valid_from": "2026-01-01", "team_id": "{team}"}),
    Door(f"PATCH {API}/work-areas/{{area_id}}", MANAGERS, "team", body={"team_id": "{team}"}, version=True,
         plain={"area_id": "{north}"}, instead={OTTO: 404}),
    Door(f"POST {API}/work-areas/{{area_id}}/close", MANAGERS, "area", body={"last_day": "2200-01-01"}, version=True),
    Door(f"GET {API}/assignments", REACHING),
    Door(f"GET {API}/assignments", REACHING, "assigned area", query="area={area}"),
    Door(f"GET {API}/assignments", REACHING, "account", query="account={account}"),
    Door(f"GET {API}/assignments/{{assignment_id}}", REACHING, "assignment"),
    Door(f"POST {API}/assignments", MANAGERS, "area", instead={OTTO: 422},  # Alice does not work for him
         body={"work_area_id": "{area}", "account_id": "{alice}", "starts_on": "2026-01-01"}),
    Door(f"POST {API}/assignments", MANAGERS, "worker",
         body={"work_area_id": "{north}", "account_id": "{worker}", "starts_on": "2026-01-01"}),
    Door(f"PATCH {API}/assignments/{{assignment_id}}", MANAGERS, "assignment", body={"cover": True}, version=True),
]  # fmt: skip

ASK = {"work_area_id": "{area}", "reason": "a light in the harbour"}
WIDENINGS = [
    Door(f"GET {API}/area-names", KNOWING),
    Door(f"GET {API}/widenings", KNOWING),
    Door(f"GET {API}/widenings/{{widening_id}}", KNOWING, "widening"),
    Door(f"POST {API}/widenings", WORKERS | {DORA}, "area to ask for", body=ASK, instead={BEN: 409}),  # it is his
    Door(f"POST {API}/widenings/{{widening_id}}/grant", KNOWING, "widening", body={"minutes": 5},
         menders="widening to answer"),
    Door(f"POST {API}/widenings/{{widening_id}}/refuse", KNOWING, "widening", menders="widening to answer"),
    Door(f"POST {API}/widenings/{{widening_id}}/end", KNOWING, "widening", menders="own widening"),
    Door("GET /widenings", KNOWING),
    Door("GET /widenings/{widening_id}", KNOWING, "widening"),
    Door("POST /widenings", WORKERS | {DORA}, "area to ask for", instead={BEN: 409},
         form={"area": "{area}", "reason": "a light in the harbour"}),
    Door("POST /widenings/{widening_id}/grant", KNOWING, "widening", form={"minutes": "5"},
         menders="widening to answer"),
    Door("POST /widenings/{widening_id}/refuse", KNOWING, "widening", menders="widening to answer"),
    Door("POST /widenings/{widening_id}/end", KNOWING, "widening", menders="own widening"),
]  # fmt: skip

SITES = [
    Door(f"GET {API}/sites", REACHING, exact=True),
    Door(f"GET {API}/sites", REACHING, box="2,54.5,2.6,55", exact=True),
    Door(f"GET {API}/sites", REACHING, "area", query="area={area}", exact=True),
    Door(f"GET {API}/sites/due", REACHING, exact=True),
    Door(f"GET {API}/sites/due", REACHING, "area", query="area={area}", exact=True),
    Door(f"GET {API}/sites/{{site_id}}", REACHING, "site", exact=True),
    Door(f"GET {API}/sites/{{site_id}}/history", REACHING, "site", exact=True),
    Door(f"POST {API}/sites", REACHING, body=SITE, exact=True),
    Door(f"PUT {API}/sites/{{site_id}}", REACHING, body=SITE, plain={"site_id": FRESH + "1"}, exact=True),
    Door(f"PUT {API}/sites/{{site_id}}", REACHING, "site", body=SITE, version=True, exact=True,
         instead={BEN: 403}),  # the place in the body is none of his
    Door(f"PATCH {API}/sites/{{site_id}}", REACHING, "site", body={"name": "x"}, version=True, exact=True),
    Door(f"POST {API}/sites/{{site_id}}/close", REACHING, "open site", body={"cause": "fire"}, version=True,
         exact=True),
    Door(f"POST {API}/sites/{{site_id}}/close", REACHING, "other site", version=True, exact=True,
         body={"cause": "fire", "moved_to": ["{other}"]}, plain={"site_id": "{kept}"}, instead={BEN: 404, OTTO: 404}),
    Door(f"POST {API}/sites/{{site_id}}/hand-over", MANAGERS, "site", version=True, exact=True),
]  # fmt: skip

VISITS = [
    Door(f"GET {API}/visits", REACHING, exact=True),
    Door(f"GET {API}/visits", REACHING, box="2,54.5,2.6,55", exact=True),
    Door(f"GET {API}/visits", REACHING, "area", query="area={area}", exact=True),
    Door(f"GET {API}/visits", REACHING, "visited site", query="site={site}", exact=True),
    Door(f"GET {API}/visits", REACHING, "account", query="account={account}", exact=True),
    Door(f"GET {API}/visits", REACHING, "team", query="team={team}", exact=True),
    Door(f"GET {API}/visits/{{visit_id}}", REACHING, "visit", exact=True),
    Door(f"POST {API}/visits", REACHING, body=PLACE, exact=True),
    Door(f"POST {API}/visits", REACHING, "site", body=VISIT | {"site_id": "{site}"}, exact=True),
    Door(f"POST {API}/visits", REACHING, "visitor", body=PLACE | {"account_id": "{account}"}, exact=True),
    Door(f"PUT {API}/visits/{{visit_id}}", REACHING, body=PLACE, plain={"visit_id": FRESH + "2"}, exact=True),
    Door(f"PUT {API}/visits/{{visit_id}}", REACHING, "visit", body=PLACE, version=True, menders="own visit",
         exact=True),
    Door(f"PATCH {API}/visits/{{visit_id}}", REACHING, "visit", body={"people_band": "2-5"}, version=True,
         menders="own visit to a site in reach", exact=True),
    Door(f"PATCH {API}/visits/{{visit_id}}", REACHING, "site", body={"site_id": "{site}"}, version=True, exact=True,
         plain={"visit_id": "{hers}"}, instead={BEN: 404, OTTO: 404}),
    Door(f"PUT {API}/visits/{{visit_id}}", REACHING, "site", body=VISIT | {"site_id": "{site}"}, version=True,
         exact=True, plain={"visit_id": "{hers}"}, instead={BEN: 404, OTTO: 404}),
]  # fmt: skip

ALARM = {"kind": "fire", "raised_at": "2026-03-01T20:00:00Z"}
ALERTS = [
    Door(f"GET {API}/alerts", REACHING, exact=True),
    Door(f"GET {API}/alerts/{{alert_id}}", REACHING, "alert"),
    Door(f"PUT {API}/alerts/{{alert_id}}", REACHING, body=ALARM, plain={"alert_id": FRESH + "7"}),
    Door(f"POST {API}/alerts/{{alert_id}}/seen", REACHING, "alert", menders="alert to answer"),
    Door(f"POST {API}/alerts/{{alert_id}}/answer", REACHING, "alert", body={"minutes": 20}, menders="alert to answer"),
    Door(f"POST {API}/alerts/{{alert_id}}/over", REACHING, "alert", body={}),
    Door("POST /alerts/{alert_id}/seen", REACHING, "alert", form={}, menders="alert to answer"),
    Door("POST /alerts/{alert_id}/answer", REACHING, "alert", form={"minutes": "20"}, menders="alert to answer"),
    Door("POST /alerts/{alert_id}/over", REACHING, "alert", form={}),
    Door("POST /alerts/{alert_id}/false-alarm", REACHING, "alert", form={}),
    Door("GET /office/alerts", MANAGERS),
    Door("GET /phone/alerts", WORKERS),
]
SENT, UNSEALED = f"{API}/deliveries/{{delivery_id}}", dict.fromkeys(REACHING, 415)  # phones alone can: test_delivery.py
DELIVERIES = [
    Door(f"GET {API}/delivery-key", REACHING),
    Door(f"PUT {SENT}", REACHING, file="x", instead=UNSEALED, plain={"delivery_id": FRESH + "7"}),
    Door(f"GET {SENT}", REACHING, "delivery"),
    Door(f"GET {API}/deliveries", MANAGERS, query="state=with-manager", exact=True),
    Door(f"POST {SENT}/placed", MANAGERS, "waiting delivery", body={}, exact=True),
    Door(f"POST {SENT}/dropped", MANAGERS, "waiting delivery", exact=True, body={"reason": "mistake"}),
]  # fmt: skip

PATROLS = [
    Door(f"GET {API}/patrols", REACHING),
    Door(f"GET {API}/patrols/{{patrol_id}}", REACHING, "patrol"),
    Door(f"PUT {API}/patrols/{{patrol_id}}", REACHING, body={"started_at": "2026-03-01T20:00:00Z"},
         plain={"patrol_id": FRESH + "8"}),
    Door(f"POST {API}/patrols/{{patrol_id}}/end", REACHING, "patrol", menders="own patrol",
         body={"ended_at": "2026-03-01T23:00:00Z", "length_km": 4.5}),
]  # fmt: skip

FORM = {"id": FRESH + "3", "new_site_id": FRESH + "4", "visited_at": "2026-03-01T20:00", "outcome": "met",
        "people": "1", "lon": "2.321", "lat": "54.771"}  # fmt: skip
PHONE = [
    *(Door(f"GET {path}", WORKERS) for path in ("/phone", f"{API}/phone/slice")),
    *(Door(f"GET /phone/{name}", EVERYONE) for name in ("app", "worker.js", "app.webmanifest")),
    Door("GET /phone/words/{language}.json", EVERYONE, plain={"language": "en"}),
    Door("GET /phone", WORKERS, "visit", query="saved={visit}"),
    Door("GET /phone/visit", WORKERS),
    Door("GET /phone/visit", WORKERS, "site", query="site={site}"),
    Door("POST /phone/visit", WORKERS, "open site", form=FORM | {"place": "{site}"}),
    Door("POST /phone/visit", WORKERS, form=FORM | {"place": "none"}),
]

OFFICE = [
    *(Door(f"GET {API}/export/{noun}", MANAGERS, exact=noun in {"sites", "visits"})
      for noun in ("sites", "visits", "areas", "coverage")),
    *(Door(f"GET {API}/export/{noun}", MANAGERS, "area", query="area={area}", exact=noun != "areas")
      for noun in ("sites", "visits", "areas")),
    *(Door(f"GET {API}/export/{noun}", MANAGERS, box="2,54.5,2.6,55", exact=noun != "areas")
      for noun in ("sites", "visits", "areas")),
    Door(f"GET {API}/coverage", REACHING),
    Door(f"GET {API}/coverage", REACHING, "team", query="team={team}"),
    Door(f"POST {API}/imports/{{noun}}", MANAGERS, file=LOG, plain={"noun": "observations"}),
    Door("GET /office", MANAGERS),
    Door("GET /office/overdue/{area_id}", MANAGERS, "area", exact=True),
    Door("GET /office/downloads/{noun}", MANAGERS, plain={"noun": "areas"}),
    Door("GET /import", MANAGERS),
    Door("GET /import/{what}", MANAGERS, plain={"what": "sites"}),
    Door("POST /import/{what}", MANAGERS, file=LOG, plain={"what": "observations"}),
    Door("GET /maps/coverage", REACHING),
    Door("GET /maps/coverage", REACHING, query="sites=overdue", exact=True),
    Door("GET /maps/coverage", REACHING, "team", query="team={team}"),
    Door("GET /maps/heat", REACHING),
    Door("GET /maps/heat", REACHING, "team", query="team={team}"),
]  # fmt: skip

RELEASES = [
    Door(f"GET {API}/releases", PLANNING),
    Door(f"GET {API}/releases/{{release_id}}", PLANNING, "release"),
    Door(f"GET {API}/releases/{{release_id}}.geojson", PLANNING, "release"),
    Door(f"POST {API}/releases", MANAGERS, body={"series": "districts", "period": "{quarter}"}),
    Door("GET /planner", PLANNING),
    Door("GET /planner", PLANNING, "release", query="release={release}"),
    Door("GET /planner/map.js", PLANNING),
    Door("GET /planner/how-to-read", PLANNING),
    Door("GET /office/releases", MANAGERS),
    Door("POST /office/releases", MANAGERS, form={"what": "districts {quarter}", "understood": "yes"}),
]

STEWARD = [
    Door(f"GET {API}/log", frozenset({STEFAN})),
    Door(f"GET {API}/log", frozenset({STEFAN}), "account", query="account={account}"),
    Door(f"GET {API}/log", frozenset({STEFAN}), "site of the city", query="row={site of the city}&act=created"),
    Door("GET /steward", frozenset({STEFAN})),
    Door("GET /steward", frozenset({STEFAN}), "account", query="account={account}&act=&row="),
    Door("GET /steward", frozenset({STEFAN}), "site of the city", query="row={site of the city}&act=created"),
    Door(f"GET {API}/retention", frozenset({STEFAN})),
    Door(
        f"PUT {API}/retention/{{kind}}",
        frozenset({STEFAN}),
        body={"days": 700},
        plain={"kind": "visits"},
        in_person=True,
    ),
    Door("GET /steward/retention", frozenset({STEFAN})),
    Door(f"GET {API}/erasures", frozenset({STEFAN})),
    Door(
        f"POST {API}/erasures",
        frozenset({STEFAN}),
        "site of the city",
        body={"site_id": "{site of the city}", "reason": "asked"},
        in_person=True,
    ),
    Door("GET /steward/erasures", frozenset({STEFAN})),
    Door(
        "POST /steward/erasures",
        frozenset({STEFAN}),
        "site of the city",
        form={"site_id": "{site of the city}", "reason": "asked", "understood": "yes"},
    ),
    Door(
        f"POST {API}/erasures",
        frozenset({STEFAN}),
        "account",
        body={"account_id": "{account}", "reason": "left"},
        in_person=True,
        instead={STEFAN: 422},
    ),
    Door("GET /steward/erasures/accounts", frozenset({STEFAN})),
    Door(
        "POST /steward/erasures/accounts",
        frozenset({STEFAN}),
        "account",
        form={"account_id": "{account}", "reason": "left", "understood": "yes"},
        instead={STEFAN: 422},
    ),
    Door("POST /steward/retention", frozenset({STEFAN}), form={"kind": "visits", "days": "700"}, in_person=True),
]

ORDER = {"authority": "District court", "reference": "Order 12/345", "wording": "where it is", "noun": "sites",
         "came_on": "2026-01-05", "due_on": "2026-03-05"}  # fmt: skip
DECIDED = dict.fromkeys(KEEPING, 409)
LAW = [
    Door(f"GET {API}/law-requests", KEEPING),
    Door(f"GET {API}/law-requests/{{request_id}}", KEEPING, "law request"),
    Door(f"POST {API}/law-requests", frozenset({STEFAN}), body=ORDER | {"site_ids": ["{kept}"]}, in_person=True),
    Door(f"POST {API}/law-requests", frozenset({STEFAN}), "site of the city",
         body=ORDER | {"site_ids": ["{site of the city}"]}, in_person=True),
    Door(f"POST {API}/law-requests", frozenset({STEFAN}), "area to name", body=ORDER | {"work_area_id": "{area}"},
         in_person=True),
    Door(f"POST {API}/law-requests/{{request_id}}/propose", frozenset({STEFAN}), "law request", instead=DECIDED,
         in_person=True),
    Door(f"POST {API}/law-requests/{{request_id}}/agree", KEEPING, "law request", body={"understood": True},
         instead=DECIDED | {STEFAN: 403}, in_person=True),
    Door(f"POST {API}/law-requests/{{request_id}}/refuse", KEEPING, "law request", body={"reason": "too late"},
         instead=DECIDED, in_person=True),
    Door(f"POST {API}/law-requests/{{request_id}}/file", KEEPING, "law file", body={"purpose": "for the court"},
         in_person=True),
    Door("GET /law-requests", KEEPING),
    Door("GET /law-requests/{request_id}", KEEPING, "law request"),
    Door("POST /law-requests", frozenset({STEFAN}), form=ORDER | {"sites": "{kept}"}),
    Door("POST /law-requests", frozenset({STEFAN}), "site of the city", form=ORDER | {"sites": "{site of the city}"}),
    Door("POST /law-requests", frozenset({STEFAN}), "area to name", form=ORDER | {"area": "{area}"}),
    Door("POST /law-requests/{request_id}/propose", frozenset({STEFAN}), "law request", instead=DECIDED),
    Door("POST /law-requests/{request_id}/agree", KEEPING, "law request", form={"understood": "yes"},
         instead=DECIDED | {STEFAN: 403}),
    Door("POST /law-requests/{request_id}/refuse", KEEPING, "law request", form={"reason": "too late"},
         instead=DECIDED),
    Door("POST /law-requests/{request_id}/file", KEEPING, "law file", form={"purpose": "for the court"}),
]  # fmt: skip

DOORS = [
    *AT_THE_DOOR, *OWN, *PEOPLE, *GROUND, *WIDENINGS, *SITES, *VISITS, *ALERTS, *PATROLS, *DELIVERIES, *PHONE, *OFFICE,
    *RELEASES, *STEWARD, *LAW,
]  # fmt: skip
