"""Nothing in the database escapes the second line: read from the catalogue itself, so what is new is seen too."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, create_engine, text

from tests.fixtures.catalogue import RULES, faults, grants, tables

KEEP = "INSERT SELECT UPDATE"
KEEP_AND_DELETE = "DELETE INSERT SELECT UPDATE"
ADD = "INSERT SELECT"

# What the app may do with each table. A table that is not here fails: look at its policies, then add it.
APP = {
    "lantern.access_token": KEEP_AND_DELETE,
    "lantern.account": KEEP,
    "lantern.account_secret": KEEP_AND_DELETE,
    "lantern.alert": "DELETE SELECT",
    **{
        f"lantern.alert.{name}": "INSERT"
        for name in ("organisation_id", "id", "kind", "raised_by", "raised_at", "site_id", "geom")
    },
    **{f"lantern.alert.{name}": "INSERT UPDATE" for name in ("note_sealed", "body_hash")},
    "lantern.alert_step": "SELECT",
    **{
        f"lantern.alert_step.{name}": "INSERT"
        for name in ("organisation_id", "id", "alert_id", "step", "by_account_id", "help_by")
    },
    "lantern.area_name": KEEP,
    "lantern.assignment": KEEP,
    "lantern.authenticator": KEEP_AND_DELETE,
    "lantern.basemap_feature": KEEP_AND_DELETE,
    "lantern.change": "DELETE INSERT SELECT",
    "lantern.change.note_sealed": "UPDATE",
    "lantern.city_identity": "DELETE INSERT SELECT",
    "lantern.city_sign_in": KEEP_AND_DELETE,
    "lantern.delivery": "DELETE SELECT",
    **{
        f"lantern.delivery.{name}": "INSERT"
        for name in (
            "organisation_id",
            "id",
            "account_id",
            "kind",
            "noun_id",
            "site_id",
            "device_id",
            "sequence",
            "said_at",
            "mended_at",
        )
    },
    **{f"lantern.delivery.{name}": "INSERT UPDATE" for name in ("state", "why", "body_hash", "body_sealed")},
    "lantern.delivery.settled_by": "UPDATE",
    "lantern.delivery_key": "DELETE SELECT",
    **{f"lantern.delivery_key.{name}": "INSERT" for name in ("organisation_id", "id", "public_key")},
    "lantern.delivery_key.private_sealed": "INSERT UPDATE",
    "lantern.delivery_key.retired_at": "UPDATE",
    "lantern.district": KEEP,
    "lantern.erasure": "SELECT",
    **{f"lantern.erasure.{name}": "INSERT" for name in ("organisation_id", "id", "noun", "reason", "erased_by")},
    "lantern.law_file": "DELETE SELECT",
    **{f"lantern.law_file.{name}": "INSERT" for name in ("organisation_id", "id")},
    "lantern.law_file.file_sealed": "INSERT UPDATE",
    "lantern.law_request": "SELECT",
    **{
        f"lantern.law_request.{name}": "INSERT"
        for name in (
            "organisation_id",
            "id",
            "registered_by",
            "came_on",
            "due_on",
            "noun",
            "site_ids",
            "work_area_id",
            "first_day",
            "last_day",
        )
    },
    "lantern.law_request.words_sealed": "INSERT UPDATE",
    **{
        f"lantern.law_request.{name}": "UPDATE"
        for name in (
            "refusal_sealed",
            "proposed_by",
            "agreed_by",
            "refused_by",
            "file_hash",
            "file_bytes",
            "file_rows",
            "covers_sites",
            "covers_visits",
            "outline",
        )
    },
    "lantern.log_entry": ADD,
    "lantern.log_head": KEEP,
    "lantern.organisation": KEEP,
    "lantern.organisation_key": "DELETE INSERT SELECT",
    "lantern.organisation_key.retired_at": "UPDATE",
    "lantern.organisation_key.wrapped": "UPDATE",
    "lantern.passkey": KEEP_AND_DELETE,
    "lantern.passkey_challenge": KEEP_AND_DELETE,
    "lantern.patrol": "DELETE SELECT",
    **{
        f"lantern.patrol.{name}": "INSERT"
        for name in ("organisation_id", "id", "account_id", "second_id", "started_at")
    },
    **{f"lantern.patrol.{name}": "UPDATE" for name in ("ended_at", "length_km", "ended_by")},
    "lantern.receipt": "DELETE INSERT SELECT",
    "lantern.receipt.body_hash": "UPDATE",
    "lantern.recovery_code": KEEP_AND_DELETE,
    "lantern.release_charge": ADD,
    "lantern.retention_rule": "SELECT",
    **{f"lantern.retention_rule.{name}": "INSERT" for name in ("organisation_id", "id", "kind", "days", "changed_by")},
    "lantern.session": KEEP_AND_DELETE,
    "lantern.sign_in_try": KEEP_AND_DELETE,
    "lantern.site": KEEP_AND_DELETE,
    "lantern.site_move": "DELETE INSERT SELECT",
    "lantern.site_status": "DELETE INSERT SELECT",
    "lantern.site_type": KEEP,
    "lantern.team": KEEP,
    "lantern.visit": KEEP_AND_DELETE,
    "lantern.widening": "SELECT",
    **{f"lantern.widening.{column}": "INSERT" for column in ("organisation_id", "id", "account_id", "work_area_id")},
    "lantern.widening.reason": "INSERT UPDATE",
    **{
        f"lantern.widening.{column}": "UPDATE"
        for column in ("granted_by", "granted_at", "ends_at", "ended_by", "ended_at")
    },
    "lantern.work_area": KEEP,
    "release.geography": ADD,
    "release.geography_cell": ADD,
    "release.geography_district": ADD,
    "release.release": ADD,
    "release.release_value": ADD,
}
PLANNER = dict.fromkeys((name for name in APP if name.startswith("release.")), "SELECT")
EXPECTED = {(name, "lantern_app"): held for name, held in APP.items()} | {
    (name, "lantern_planner"): held for name, held in PLANNER.items()
}

# Each rule, broken: what is done, and what must then be named.
BROKEN = [
    ("every relation is", "CREATE VIEW lantern.v AS SELECT 1 AS one", "lantern.v v"),
    ("every relation is", "CREATE VIEW public.v AS SELECT * FROM lantern.site", "v v"),
    ("every relation is", "CREATE MATERIALIZED VIEW lantern.m AS SELECT 1 AS one", "lantern.m m"),
    ("every relation is", "CREATE SEQUENCE lantern.s", "lantern.s S"),
    ("every relation is", "CREATE TABLE public.copied AS SELECT * FROM lantern.site", "copied r"),
    ("every relation is", "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER far FOREIGN DATA WRAPPER w;"
        "CREATE FOREIGN TABLE lantern.f (one integer) SERVER far", "lantern.f f"),
    ("every table is under", "CREATE TABLE lantern.shelter (organisation_id uuid)", "lantern.shelter"),
    ("every table is under", "ALTER TABLE lantern.site DISABLE ROW LEVEL SECURITY", "lantern.site"),
    ("every table is under", "ALTER TABLE lantern.visit NO FORCE ROW LEVEL SECURITY", "lantern.visit"),
    ("everything belongs", "ALTER TABLE lantern.site OWNER TO lantern_app", "lantern.site"),
    ("everything belongs", "ALTER FUNCTION lantern.my_ground() OWNER TO lantern_admin", "lantern.my_ground()"),
    ("everything belongs", "ALTER SCHEMA release OWNER TO lantern_admin", "release"),
    ("the server's roles own", "ALTER TABLE lantern.site OWNER TO lantern_app", "table lantern.site"),
    ("the server's roles own", "CREATE SCHEMA AUTHORIZATION lantern_web", "schema lantern_web"),
    ("no role of ours is more", "ALTER ROLE lantern_app BYPASSRLS", "lantern_app"),
    ("no role of ours is more", "ALTER ROLE lantern_web CREATEROLE", "lantern_web"),
    ("no role of ours is more", "ALTER ROLE lantern_planner SUPERUSER", "lantern_planner"),
    ("no role of ours is more", "ALTER ROLE lantern_owner LOGIN", "lantern_owner"),
    ("no role of ours is a member", "GRANT lantern_owner TO lantern_web", "lantern_web in lantern_owner"),
    ("no role of ours is a member", "GRANT pg_read_all_data TO lantern_app", "lantern_app in pg_read_all_data"),
    ("no role of ours is a member", "GRANT lantern_app TO lantern_planner", "lantern_planner in lantern_app"),
    ("every command", "DROP POLICY read ON lantern.visit; DROP POLICY keys ON lantern.visit; "
        "DROP POLICY retention_read ON lantern.visit; DROP POLICY erase_read ON lantern.visit; "
        "DROP POLICY by_law ON lantern.visit",
        "lantern.visit SELECT lantern_app"),
    ("every command", "DROP POLICY log ON lantern.visit", "lantern.visit INSERT lantern_app"),
    ("every command", "GRANT DELETE ON lantern.log_entry TO lantern_app", "lantern.log_entry DELETE lantern_app"),
    ("every command", "GRANT TRUNCATE ON lantern.site TO lantern_app", "lantern.site TRUNCATE lantern_app"),
    ("every command", "GRANT UPDATE (name) ON lantern.site TO lantern_planner", "lantern.site UPDATE lantern_planner"),
    ("every command", "ALTER POLICY reach ON lantern.site_move TO public", "lantern.site_move INSERT lantern_app"),
    ("every policy asks", "ALTER POLICY read ON lantern.team USING (true)", "read of lantern.team"),
    ("every policy asks", "ALTER POLICY mend ON lantern.visit WITH CHECK (true)", "mend of lantern.visit"),
    ("no function runs", "ALTER FUNCTION lantern.my_ground() SECURITY DEFINER", "lantern.my_ground()"),
    ("every function is bound", "ALTER FUNCTION lantern.my_ground() RESET ALL", "lantern.my_ground()"),
    ("every function is bound", "CREATE FUNCTION lantern.f() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "lantern.f()"),
    ("every function is one", "CREATE FUNCTION public.f() RETURNS integer LANGUAGE sql RETURN 1", "f()"),
    ("every function is one", "CREATE FUNCTION lantern.f() RETURNS void LANGUAGE internal AS 'pg_reload_conf'",
        "lantern.f()"),
    ("PUBLIC has nothing", "GRANT SELECT ON lantern.site TO PUBLIC", "lantern.site SELECT"),
    ("PUBLIC has nothing", "GRANT SELECT (geom) ON lantern.site TO PUBLIC", "lantern.site.geom SELECT"),
    ("PUBLIC has nothing", "GRANT EXECUTE ON FUNCTION lantern.my_ground() TO PUBLIC", "lantern.my_ground() EXECUTE"),
    ("PUBLIC has nothing", "GRANT USAGE ON SCHEMA lantern TO PUBLIC", "lantern USAGE"),
    ("PUBLIC has nothing", "GRANT SELECT ON public.lantern_version TO PUBLIC", "lantern_version SELECT"),
    ("nobody makes", "GRANT CREATE ON SCHEMA lantern TO lantern_app", "lantern lantern_app"),
    ("nobody makes", "GRANT CREATE ON SCHEMA public TO PUBLIC", "public -"),
    ("there are no schemas", "CREATE SCHEMA elsewhere", "elsewhere"),
    ("nothing leads out", "CREATE PUBLICATION everything FOR ALL TABLES", "publication everything"),
    ("nothing leads out", "SELECT lo_create(7)", "large object 7"),
    ("what is made later", "ALTER DEFAULT PRIVILEGES FOR ROLE lantern_owner GRANT SELECT ON TABLES TO lantern_app",
        "lantern_owner SELECT"),
    ("what is made later",
        "ALTER DEFAULT PRIVILEGES FOR ROLE lantern_owner GRANT EXECUTE ON FUNCTIONS TO PUBLIC", "functions"),
    ("every trigger", "ALTER TABLE lantern.log_entry DISABLE TRIGGER link", "link on lantern.log_entry"),
    ("every trigger", "CREATE TRIGGER t BEFORE UPDATE ON lantern.site EXECUTE FUNCTION lantern.stays(); "
        "ALTER TABLE lantern.site ENABLE REPLICA TRIGGER t", "t on lantern.site"),
    ("every trigger", "ALTER TABLE lantern.log_head ENABLE TRIGGER stays", "stays on lantern.log_head"),
    ("no rule rewrites", "CREATE RULE quiet AS ON UPDATE TO lantern.site DO INSTEAD NOTHING", "quiet on lantern.site"),
    ("no key is unique", "CREATE UNIQUE INDEX one ON lantern.site (name)", "lantern.one"),
    ("no key is unique", "ALTER TABLE lantern.account ADD CONSTRAINT email_key UNIQUE (email)", "lantern.email_key"),
    ("no foreign key", "ALTER TABLE lantern.site ADD COLUMN o uuid, ADD CONSTRAINT leads FOREIGN KEY (o) "
        "REFERENCES lantern.organisation", "leads"),
]  # fmt: skip


@pytest.fixture
def catalogue(owner_url: str) -> Iterator[Connection]:
    """As the superuser; what is done is undone at the end."""
    engine = create_engine(owner_url)
    with engine.connect() as connection:
        yield connection
        connection.rollback()
    engine.dispose()


def test_nothing_escapes(catalogue: Connection) -> None:
    assert faults(catalogue) == {}


def test_every_table_is_known_and_the_roles_have_what_is_listed_and_no_more(catalogue: Connection) -> None:
    assert grants(catalogue) == EXPECTED
    assert tables(catalogue) == {".".join(name.split(".")[:2]) for name in APP}
    catalogue.execute(text("CREATE TABLE lantern.shelter (organisation_id uuid)"))
    catalogue.execute(
        text("GRANT DELETE ON lantern.team TO lantern_app; GRANT SELECT (name) ON lantern.site TO pg_monitor")
    )
    assert tables(catalogue) - set(APP) == {"lantern.shelter"}
    assert set(grants(catalogue).items()) - set(EXPECTED.items()) == {
        (("lantern.team", "lantern_app"), KEEP_AND_DELETE),
        (("lantern.site.name", "pg_monitor"), "SELECT"),
    }


def test_what_breaks_a_rule_is_found_by_that_rule(catalogue: Connection) -> None:
    kept: list[str] = []
    for rule, statement, named in BROKEN:
        with catalogue.begin_nested() as undone:
            catalogue.exec_driver_sql(statement)
            found = {name: broken for name, broken in faults(catalogue).items() if name.startswith(rule)}
            if not any(named in broken for broken in found.values()):
                kept.append(f"{statement}: {found}")
            undone.rollback()
    assert kept == []
    assert [rule for rule in RULES if not any(rule.startswith(start) for start, _, _ in BROKEN)] == []
