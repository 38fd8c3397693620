"""The way to the tables as they stand, and back."""

from sqlalchemy import create_engine, text

from geo.grid import SIZES, cell_of
from migrations import upgrade as migrations

TABLES = text("SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname IN ('lantern', 'release')")

# At the door there is no organisation yet, and nothing in these rows is of one.
BEFORE_ANYBODY_IS_KNOWN = ("lantern.passkey_challenge", "lantern.sign_in_try")


def test_the_migrations_go_up_agree_with_the_tables_go_down_and_up_again(owner_url: str) -> None:
    engine = create_engine(owner_url)
    with engine.begin() as connection:
        migrations.upgrade(connection)
        migrations.check(connection)
        made = set(connection.scalars(TABLES))
    with engine.begin() as connection:
        migrations.downgrade(connection)
        assert set(connection.scalars(TABLES)) == set()
        assert not migrations.at_head(connection)
    with engine.begin() as connection:
        migrations.upgrade(connection)
        migrations.check(connection)
        assert set(connection.scalars(TABLES)) == made
        assert migrations.at_head(connection)
    engine.dispose()


def test_passwords_stay_when_they_move_to_a_table_of_their_own_and_back(owner_url: str) -> None:
    engine = create_engine(owner_url)
    with engine.begin() as connection:
        migrations.downgrade(connection, "0004")
        connection.execute(
            text("""
            WITH city AS (INSERT INTO lantern.organisation (id, slug, name, bounds) VALUES
                (gen_random_uuid(), 'city', 'City', ST_MakeEnvelope(2, 54, 3, 55, 4326)) RETURNING id)
            INSERT INTO lantern.account (organisation_id, id, email, name, password_hash, roles)
            SELECT city.id, gen_random_uuid(), name || '@city.example', name, hash, '{desk}'
            FROM city, (VALUES ('alice', 'hash of alice'), ('ben', NULL)) AS person (name, hash)""")
        )
    with engine.begin() as connection:
        migrations.upgrade(connection)
        moved = connection.scalars(text("SELECT password_hash FROM lantern.account_secret"))
        assert list(moved) == ["hash of alice"]
    with engine.begin() as connection:
        migrations.downgrade(connection, "0004")
        back = connection.execute(text("SELECT name, password_hash FROM lantern.account ORDER BY name"))
        assert [tuple(row) for row in back] == [("alice", "hash of alice"), ("ben", None)]
    engine.dispose()


def test_an_id_that_was_erased_as_two_things_is_one_on_the_way_down(owner_url: str) -> None:
    engine = create_engine(owner_url)
    listed = text("SELECT noun, count(*) FROM lantern.erasure GROUP BY noun ORDER BY noun")
    with engine.begin() as connection:
        connection.execute(
            text("""
            WITH city AS (INSERT INTO lantern.organisation (id, slug, name, bounds) VALUES
                (gen_random_uuid(), 'city', 'City', ST_MakeEnvelope(2, 54, 3, 55, 4326)) RETURNING id)
            INSERT INTO lantern.erasure (organisation_id, id, noun, reason)
            SELECT id, id, noun, 'order' FROM city, (VALUES ('site'), ('visit')) AS erased (noun)
            UNION ALL SELECT id, gen_random_uuid(), 'visit', 'order' FROM city""")
        )
        assert [tuple(row) for row in connection.execute(listed)] == [("site", 1), ("visit", 2)]
    with engine.begin() as connection:
        migrations.downgrade(connection, "0013")
        assert [tuple(row) for row in connection.execute(listed)] == [("site", 1), ("visit", 1)]
    with engine.begin() as connection:
        migrations.upgrade(connection)
        assert [tuple(row) for row in connection.execute(listed)] == [("site", 1), ("visit", 1)]
    engine.dispose()


def test_every_key_of_an_organisations_table_begins_with_the_organisation(owner_url: str) -> None:
    engine = create_engine(owner_url)
    keys = text("""
        SELECT conrelid::regclass::text, array_agg(attname::text ORDER BY place)
        FROM pg_constraint, unnest(conkey) WITH ORDINALITY AS key(attnum, place), pg_attribute
        WHERE contype = 'p' AND connamespace IN ('lantern'::regnamespace)
            AND attrelid = conrelid AND pg_attribute.attnum = key.attnum
        GROUP BY conrelid
    """)
    with engine.connect() as connection:
        found = {table: tuple(columns) for table, columns in connection.execute(keys)}
    assert found.pop("lantern.organisation") == ("id",)
    for table in BEFORE_ANYBODY_IS_KNOWN:
        assert found.pop(table) == ("id",)
    assert found.pop("lantern.erasure") == ("organisation_id", "noun", "id")
    assert set(found.values()) == {("organisation_id", "id")}
    engine.dispose()


def test_the_database_and_the_grid_agree_on_the_cell_of_a_point(owner_url: str) -> None:
    engine = create_engine(owner_url)
    points = [(3.7204, 51.0517), (2.3, 54.75), (20.99, 50.17), (6.56, 53.22), (-8.61, 41.15), (24.94, 60.17)]
    with engine.connect() as connection:
        for lon, lat in points:
            for metres in SIZES:
                place = {"lon": lon, "lat": lat, "metres": metres}
                number = text("SELECT lantern.cell(ST_SetSRID(ST_MakePoint(:lon, :lat), 4326), :metres)")
                assert connection.scalar(number, place) == cell_of(lon, lat, metres)
    engine.dispose()


def test_the_cells_of_a_shape_hold_every_point_on_its_edge(owner_url: str) -> None:
    engine = create_engine(owner_url)
    shape = "POLYGON((2 54, 3 54.8, 4 54.1, 3 53.5, 2 54))"
    outside = text("""
        WITH shape AS (SELECT ST_GeomFromText(:shape, 4326) AS g)
        SELECT count(*) FROM shape, ST_DumpPoints(ST_Segmentize(g, 0.003)) AS point
        WHERE NOT lantern.cell(point.geom, 1000) = ANY (lantern.cells(g, 1000))
    """)
    with engine.connect() as connection:
        assert connection.scalar(outside, {"shape": shape}) == 0
    engine.dispose()
