Old logs into sites and visits, set by set. The rows of a file stand in temporary tables while it is imported.

-- name: tables
CREATE TEMPORARY TABLE import_row (
    line integer NOT NULL,
    key uuid NOT NULL,
    visited_at timestamptz NOT NULL,
    kind smallint NOT NULL,
    band text NOT NULL,
    lon double precision NOT NULL,
    lat double precision NOT NULL
) ON COMMIT DROP;
CREATE TEMPORARY TABLE import_visit (
    line integer NOT NULL,
    place_in_order integer NOT NULL,
    id uuid NOT NULL,
    visited_at timestamptz NOT NULL,
    kind smallint NOT NULL,
    band text NOT NULL,
    geom geometry(Point, 4326) NOT NULL,
    place geometry(Point, 3035) NOT NULL
) ON COMMIT DROP;
CREATE TEMPORARY TABLE import_known (
    site_id uuid NOT NULL,
    kind smallint NOT NULL,
    closed_at timestamptz,
    place geometry(Point, 3035) NOT NULL
) ON COMMIT DROP;
CREATE INDEX ON import_known USING gist (place);
CREATE TEMPORARY TABLE import_joined (line integer NOT NULL, site_id uuid NOT NULL) ON COMMIT DROP;
CREATE TEMPORARY TABLE import_component (
    line integer NOT NULL,
    component bigint NOT NULL,
    x double precision NOT NULL,
    y double precision NOT NULL
) ON COMMIT DROP;
CREATE TEMPORARY TABLE import_part (
    line integer NOT NULL,
    part bigint NOT NULL,
    x double precision NOT NULL,
    y double precision NOT NULL
) ON COMMIT DROP;
CREATE TEMPORARY TABLE import_middle (
    part bigint NOT NULL,
    x double precision NOT NULL,
    y double precision NOT NULL,
    radius double precision NOT NULL
) ON COMMIT DROP;
CREATE TEMPORARY TABLE import_wide (part bigint NOT NULL) ON COMMIT DROP;
CREATE TEMPORARY TABLE import_site (
    part bigint NOT NULL,
    id uuid NOT NULL,
    kind smallint NOT NULL,
    status text NOT NULL,
    first_at timestamptz NOT NULL,
    met_first_at timestamptz,
    met_last_at timestamptz
) ON COMMIT DROP;
SET LOCAL client_min_messages = warning;
SET LOCAL work_mem = '128MB';

-- name: stage
COPY import_row (line, key, visited_at, kind, band, lon, lat) FROM STDIN

-- name: analyze_rows
ANALYZE import_row

-- name: identify
-- Rows that say the same are told apart by their number among them. What is a visit already is left out.
INSERT INTO import_visit (line, place_in_order, id, visited_at, kind, band, geom, place)
SELECT line, place_in_order, id, visited_at, kind, band, geom, ST_Transform(geom, 3035)
FROM (
    SELECT
        line, place_in_order, visited_at, kind, band, ST_SetSRID(ST_MakePoint(lon, lat), 4326) AS geom,
        CASE WHEN nth = 1 THEN key ELSE overlay(
            key::text PLACING encode(substr(sha256(uuid_send(key) || int8send(nth)), 1, 6), 'hex') FROM 25
        )::uuid END AS id
    FROM (
        SELECT *,
            row_number() OVER (PARTITION BY key ORDER BY line) AS nth,
            row_number() OVER (ORDER BY key, line) AS place_in_order
        FROM import_row
    ) AS numbered
) AS named
WHERE NOT EXISTS (
    SELECT FROM lantern.visit WHERE visit.organisation_id = :organisation_id AND visit.id = named.id
) AND NOT EXISTS (
    SELECT FROM lantern.erasure
    WHERE erasure.organisation_id = :organisation_id AND erasure.noun = 'visit' AND erasure.id = named.id
)

-- name: analyze_visits
ANALYZE import_visit

-- name: known_sites
-- `kind` is the number that Rows gave the site type: its place in the order of the slugs.
INSERT INTO import_known (site_id, kind, closed_at, place)
SELECT
    site.id, kind.number,
    CASE WHEN site.status = 'closed' THEN (
        SELECT max(since) FROM lantern.site_status AS step
        WHERE step.organisation_id = site.organisation_id AND step.site_id = site.id AND step.status = 'closed'
    ) END,
    ST_Transform(site.geom, 3035)
FROM lantern.site
JOIN (
    SELECT slug, row_number() OVER (ORDER BY slug) - 1 AS number
    FROM lantern.site_type WHERE organisation_id = :organisation_id
) AS kind ON kind.slug = site.site_type
WHERE site.organisation_id = :organisation_id

-- name: join_known_sites
-- A site that was closed takes the visits from before.
INSERT INTO import_joined (line, site_id)
SELECT visit.line, nearest.site_id
FROM import_visit AS visit
CROSS JOIN LATERAL (
    SELECT site_id FROM import_known AS known
    WHERE known.kind = visit.kind
        AND ST_DWithin(known.place, visit.place, :distance_m)
        AND (known.closed_at IS NULL OR visit.visited_at < known.closed_at)
    ORDER BY ST_Distance(known.place, visit.place), known.site_id
    LIMIT 1
) AS nearest

-- name: cluster
-- With one point enough for a cluster, DBSCAN gives the components of "nearer than the distance": no row is left out,
-- and the order of rows does not matter.
INSERT INTO import_component (line, component, x, y)
SELECT
    line,
    ST_ClusterDBSCAN(place, :distance_m, 1) OVER (PARTITION BY kind)::bigint * 10000 + kind,
    ST_X(place), ST_Y(place)
FROM import_visit AS visit
WHERE NOT EXISTS (SELECT FROM import_joined AS joined WHERE joined.line = visit.line)

-- name: analyze_components
ANALYZE import_component

-- name: cut_wide_components
-- A component whose rows lie farther from its middle than the distance is cut by k-means, inside squares of 500 m so
-- that the work stays small. Rows go in by place, so that the same rows are cut the same way. A piece is numbered by a
-- hash: two that shared one would be found too wide below, and cut again.
INSERT INTO import_part (line, part, x, y)
WITH middle AS (
    SELECT component, avg(x) AS x, avg(y) AS y FROM import_component GROUP BY component
), wide AS MATERIALIZED (
    SELECT row.component FROM import_component AS row JOIN middle USING (component)
    GROUP BY row.component
    HAVING max((row.x - middle.x) ^ 2 + (row.y - middle.y) ^ 2) > :distance_m ^ 2
), cut AS (
    SELECT line, component, square, x, y, ST_ClusterKMeans(ST_Point(x, y), 1, :distance_m) OVER (
        PARTITION BY component, square ORDER BY x, y
    ) AS piece
    FROM (
        SELECT row.*, floor(x / 500)::integer * 20000 + floor(y / 500)::integer AS square
        FROM import_component AS row JOIN wide USING (component)
    ) AS row
)
SELECT line, component, x, y
FROM import_component AS row WHERE NOT EXISTS (SELECT FROM wide WHERE wide.component = row.component)
UNION ALL
SELECT line, hash_record_extended((component, square, piece), 0), x, y FROM cut

-- name: analyze_parts
ANALYZE import_part

-- name: middles
-- To the millimetre, so that the order in which a mean is summed does not show.
INSERT INTO import_middle (part, x, y, radius)
WITH middle AS MATERIALIZED (
    SELECT part, floor(avg(x) * 1000 + 0.5) / 1000 AS x, floor(avg(y) * 1000 + 0.5) / 1000 AS y
    FROM import_part AS row
    WHERE NOT EXISTS (SELECT FROM import_middle AS known WHERE known.part = row.part)
    GROUP BY part
)
SELECT part, middle.x, middle.y, sqrt(max((row.x - middle.x) ^ 2 + (row.y - middle.y) ^ 2))
FROM import_part AS row JOIN middle USING (part)
GROUP BY part, middle.x, middle.y

-- name: too_wide
-- ST_ClusterKMeans may stop before every radius is small enough.
WITH wide AS (DELETE FROM import_middle WHERE radius > :distance_m + 0.01 RETURNING part),
emptied AS (DELETE FROM import_wide)
INSERT INTO import_wide (part) SELECT part FROM wide

-- name: cut_again
UPDATE import_part AS row SET part = cut.part
FROM (
    SELECT line, hash_record_extended((part, piece), 0) AS part
    FROM (
        SELECT line, part, ST_ClusterKMeans(ST_Point(x, y), 2, :distance_m) OVER (
            PARTITION BY part ORDER BY x, y
        ) AS piece
        FROM import_part WHERE part IN (SELECT part FROM import_wide)
    ) AS piece
) AS cut
WHERE cut.line = row.line

-- name: cut_by_squares
-- The last resort: squares whose diagonal is the distance.
UPDATE import_part AS row SET part = cut.part
FROM (
    SELECT line, hash_record_extended(
        (part, floor(x * sqrt(2) / :distance_m)::integer, floor(y * sqrt(2) / :distance_m)::integer), 0
    ) AS part
    FROM import_part WHERE part IN (SELECT part FROM import_wide)
) AS cut
WHERE cut.line = row.line

-- name: name_sites
-- A site's id comes of the id of its first visit, in the order of what the rows say. Its status is read at the end of
-- the log: active where people were met lately, inactive where that is longer ago, unverified where nobody ever was.
INSERT INTO import_site (part, id, kind, status, first_at, met_first_at, met_last_at)
WITH log AS (SELECT max(visited_at) AS ended_at FROM import_row), part AS (
    SELECT
        part, min(place_in_order) AS place_in_order, min(kind) AS kind, min(visited_at) AS first_at,
        min(visited_at) FILTER (WHERE band <> '0') AS met_first_at,
        max(visited_at) FILTER (WHERE band <> '0') AS met_last_at
    FROM import_part JOIN import_visit USING (line)
    GROUP BY part
)
SELECT
    part, (substr(replace(first_id, '-', ''), 1, 12) || '7' || substr(hash, 1, 3) || '8' || substr(hash, 4, 15))::uuid,
    kind,
    CASE
        WHEN met_last_at IS NULL THEN 'unverified'
        WHEN met_last_at >= ended_at - make_interval(days => :lately_days) THEN 'active'
        ELSE 'inactive'
    END,
    first_at, met_first_at, met_last_at
FROM log, (
    SELECT part.*, id::text AS first_id FROM part JOIN import_visit USING (place_in_order)
) AS part, LATERAL encode(sha256(convert_to('site ' || first_id, 'UTF8')), 'hex') AS hash

-- name: insert_sites
INSERT INTO lantern.site (
    organisation_id, id, site_type, status, uncertainty_m, revisit_days, first_seen_on, geom, updated_by
)
SELECT
    :organisation_id, site.id, type.slug, site.status, :distance_m, type.revisit_days,
    (site.first_at AT TIME ZONE organisation.time_zone)::date,
    ST_Transform(ST_SetSRID(ST_MakePoint(middle.x, middle.y), 3035), 4326), :account_id
FROM import_site AS site
JOIN import_middle AS middle USING (part)
JOIN lantern.organisation ON organisation.id = :organisation_id
JOIN (
    SELECT slug, revisit_days, row_number() OVER (ORDER BY slug) - 1 AS number
    FROM lantern.site_type WHERE organisation_id = :organisation_id
) AS type ON type.number = site.kind
ORDER BY site.id

-- name: insert_statuses
-- An id for each step, made of the site's.
INSERT INTO lantern.site_status (organisation_id, id, site_id, status, since, by_account_id)
SELECT
    :organisation_id, (substr(replace(site.id::text, '-', ''), 1, 12) || '7' || substr(hash, 1, 3) || '8' || substr(hash, 4, 15))::uuid,
    site.id, step.status, step.since, :account_id
FROM import_site AS site
CROSS JOIN LATERAL (
    VALUES
        (CASE WHEN site.met_first_at IS NULL THEN 'unverified' ELSE 'active' END, coalesce(site.met_first_at, site.first_at)),
        (CASE WHEN site.status = 'inactive' THEN 'inactive' END, site.met_last_at + make_interval(days => :lately_days))
) AS step (status, since)
CROSS JOIN LATERAL encode(sha256(convert_to(step.status || ' ' || site.id::text, 'UTF8')), 'hex') AS hash
WHERE step.status IS NOT NULL
ORDER BY site.id

-- name: insert_visits
-- In the order in which they were named, which is that of their ids.
INSERT INTO lantern.visit (organisation_id, id, site_id, visited_at, outcome, people_band, source, geom, updated_by)
SELECT
    :organisation_id, visit.id, coalesce(site.id, joined.site_id), visit.visited_at,
    CASE WHEN visit.band = '0' THEN 'nobody-found' ELSE 'met' END, visit.band, 'import', visit.geom, :account_id
FROM import_visit AS visit
LEFT JOIN (import_part AS row JOIN import_site AS site USING (part)) USING (line)
LEFT JOIN import_joined AS joined USING (line)

-- name: counts
SELECT (SELECT count(*) FROM import_visit), (SELECT count(*) FROM import_site)
