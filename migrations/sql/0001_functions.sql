-- The number of the cell of the Eurostat grid (ETRS89-LAEA, EPSG:3035) that holds a point:
-- row * 1,000,000 + column, for squares of the given side in metres.
CREATE FUNCTION lantern.cell(geom public.geometry, metres integer) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN floor(public.ST_Y(public.ST_Transform(geom, 3035)) / metres)::bigint * 1000000
     + floor(public.ST_X(public.ST_Transform(geom, 3035)) / metres)::bigint;

-- The numbers of all cells that a shape touches. Edges are cut to a tenth of a degree before they are projected and
-- squares widened by 50 m, so that no cell is missed where a straight edge bends.
CREATE FUNCTION lantern.cells(geom public.geometry, metres integer) RETURNS bigint[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (
    WITH shape AS (SELECT public.ST_Transform(public.ST_Segmentize(geom, 0.1), 3035) AS g)
    SELECT coalesce(array_agg(n * 1000000 + e ORDER BY n, e), '{}')
    FROM shape,
        LATERAL generate_series(
            floor((public.ST_YMin(g) - 50) / metres)::bigint, floor((public.ST_YMax(g) + 50) / metres)::bigint
        ) AS n,
        LATERAL generate_series(
            floor((public.ST_XMin(g) - 50) / metres)::bigint, floor((public.ST_XMax(g) + 50) / metres)::bigint
        ) AS e
    WHERE public.ST_Intersects(
        g,
        public.ST_MakeEnvelope(e * metres - 50, n * metres - 50, (e + 1) * metres + 50, (n + 1) * metres + 50, 3035)
    )
);

-- Who asks: set once, at the start of each transaction, by api/database.py.
CREATE FUNCTION lantern.asking_organisation() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(current_setting('lantern.organisation_id', true), '')::uuid;

CREATE FUNCTION lantern.asking_account() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(current_setting('lantern.account_id', true), '')::uuid;

-- organisation (a manager), areas (a streetworker), people (a steward), none.
CREATE FUNCTION lantern.asking_scope() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(nullif(current_setting('lantern.scope', true), ''), 'none');

-- The day on the wall of the organisation.
CREATE FUNCTION lantern.asking_on() RETURNS date LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(nullif(current_setting('lantern.today', true), '')::date, current_date);

-- A credential, or a name given at sign-in: whoever knows it may look up the one row it belongs to.
CREATE FUNCTION lantern.asking_with(what text) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(current_setting('lantern.' || what, true), '');
