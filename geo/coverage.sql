-- name: plan
SET LOCAL work_mem = '128MB';
SET LOCAL jit = off;
SET LOCAL enable_sort = off;
SET LOCAL enable_indexscan = off;
SET LOCAL enable_nestloop = off;

-- name: assignment
-- Territory (the union of the districts) against the union of the work areas that are valid on the day, in the
-- equal-area EPSG:3035. Edges are cut to 0.01 degree before they are projected, and every overlay works on a raster of
-- 1 mm, so that shared borders leave no crumbs. Shapes that are not valid once projected are left out and counted.
-- With a team, its own areas are what covers; ground in other areas alone is no gap, but `others`.
WITH district AS MATERIALIZED (
    SELECT id, name, code, ST_Transform(ST_Segmentize(geom, 0.01), 3035) AS g
    FROM lantern.district
    WHERE organisation_id = :organisation_id
        AND CAST(:as_of AS date) BETWEEN coalesce(valid_from, '-infinity') AND coalesce(valid_to, 'infinity')
), area AS MATERIALIZED (
    SELECT id, name, ST_Transform(ST_Segmentize(geom, 0.01), 3035) AS g,
        CAST(:team_id AS uuid) IS NULL OR coalesce(team_id = :team_id, false) AS chosen
    FROM lantern.work_area
    WHERE organisation_id = :organisation_id
        AND CAST(:as_of AS date) BETWEEN valid_from AND coalesce(valid_to, 'infinity')
), sound_district AS MATERIALIZED (
    SELECT * FROM district WHERE ST_IsValid(g)
), sound_area AS MATERIALIZED (
    SELECT * FROM area WHERE ST_IsValid(g)
), territory AS MATERIALIZED (
    SELECT ST_Union(g, 0.001) AS g FROM sound_district
), worked AS MATERIALIZED (
    SELECT coalesce(ST_Union(g, 0.001), ST_SetSRID('GEOMETRYCOLLECTION EMPTY'::geometry, 3035)) AS g
    FROM sound_area WHERE chosen
), bare AS MATERIALIZED (
    SELECT ST_CollectionExtract(ST_Difference(territory.g, worked.g, 0.001), 3) AS g FROM territory, worked
), beside AS MATERIALIZED (
    SELECT ST_Union(g, 0.001) AS g FROM sound_area WHERE NOT chosen
), others AS MATERIALIZED (
    SELECT ST_CollectionExtract(ST_Intersection(bare.g, beside.g, 0.001), 3) AS g FROM bare, beside
), gap AS MATERIALIZED (
    SELECT (ST_Dump(ST_CollectionExtract(coalesce(ST_Difference(bare.g, beside.g, 0.001), bare.g), 3))).geom AS g
    FROM bare, beside
), overlap AS MATERIALIZED (
    SELECT first.name AS first_name, second.name AS second_name,
        ST_CollectionExtract(ST_Intersection(first.g, second.g, 0.001), 3) AS g
    FROM sound_area AS first
    JOIN sound_area AS second ON first.id < second.id AND first.g && second.g AND ST_Intersects(first.g, second.g)
    WHERE first.chosen OR second.chosen
), doubled AS (
    SELECT ST_Union(g, 0.001) AS g FROM overlap WHERE NOT ST_IsEmpty(g)
)
SELECT 'territory' AS kind, ST_Area(g) / 1e6 AS km2, NULL AS name, NULL AS other, NULL::bytea AS shape FROM territory
UNION ALL
SELECT 'covered', ST_Area(ST_Intersection(territory.g, worked.g, 0.001)) / 1e6, NULL, NULL, NULL FROM territory, worked
UNION ALL
SELECT 'outside', ST_Area(coalesce(ST_Difference(worked.g, territory.g, 0.001), worked.g)) / 1e6, NULL, NULL, NULL
FROM territory, worked
UNION ALL
SELECT 'doubled', coalesce(ST_Area(g), 0) / 1e6, NULL, NULL, NULL FROM doubled
UNION ALL
SELECT 'others', coalesce(ST_Area(g), 0) / 1e6, NULL, NULL, NULL FROM others
UNION ALL
SELECT 'other-ground', ST_Area(g) / 1e6, NULL, NULL, ST_AsBinary(ST_Transform(g, 4326))
FROM others WHERE ST_Area(g) > 0
UNION ALL
SELECT 'left-out', (SELECT count(*) FROM district) - (SELECT count(*) FROM sound_district)
    + (SELECT count(*) FROM area) - (SELECT count(*) FROM sound_area), NULL, NULL, NULL
UNION ALL
SELECT 'gap', ST_Area(g) / 1e6, (
    SELECT sound_district.name FROM sound_district
    WHERE ST_Intersects(sound_district.g, ST_PointOnSurface(gap.g)) ORDER BY code LIMIT 1
), NULL, ST_AsBinary(ST_Transform(g, 4326))
FROM gap WHERE ST_Area(g) > 0
UNION ALL
SELECT 'overlap', ST_Area(g) / 1e6, least(first_name, second_name), greatest(first_name, second_name),
    ST_AsBinary(ST_Transform(g, 4326))
FROM overlap WHERE ST_Area(g) > 0
ORDER BY kind, km2 DESC, name;

-- name: zones
-- Visits of the period and active sites at its end (of a team: those in its areas), by district and by work area,
-- exactly, and yet without asking every point: 100 m cells that lie wholly in one zone are counted whole. What is left
-- are the visits and sites in the cells of a border (`points`: cell, lon, lat, efforts, encounters, sites, seen) and the
-- zones that each such cell touches (`pairs`: place, cell), as runs of bytes for geo/border.py. A searched cell counts
-- in the zone of its centre.
WITH zone AS MATERIALIZED (
    SELECT 'district' AS kind, id, name, code, row_number() OVER (ORDER BY code, id) AS place, geom,
        ST_Transform(ST_Segmentize(geom, 0.01), 3035) AS g
    FROM lantern.district
    WHERE organisation_id = :organisation_id AND :districts
        AND CAST(:as_of AS date) BETWEEN coalesce(valid_from, '-infinity') AND coalesce(valid_to, 'infinity')
    UNION ALL
    SELECT 'work area', id, name, NULL, 1000000 + row_number() OVER (ORDER BY name, id), geom,
        ST_Transform(ST_Segmentize(geom, 0.01), 3035)
    FROM lantern.work_area
    WHERE organisation_id = :organisation_id
        AND CAST(:as_of AS date) BETWEEN valid_from AND coalesce(valid_to, 'infinity')
        AND (CAST(:team_id AS uuid) IS NULL OR team_id = :team_id)
), border AS MATERIALIZED (
    -- At least the 100 m cells that the edge of a zone comes within a metre of: it is never farther than 20 m from one of
    -- these points.
    SELECT DISTINCT floor((ST_Y(p) + north) / 100)::bigint * 1000000 + floor((ST_X(p) + east) / 100)::bigint AS cell
    FROM zone, LATERAL (SELECT (ST_DumpPoints(ST_Segmentize(ST_Boundary(g), 40))).geom AS p) AS along,
        (VALUES (-22, -22), (-22, 22), (22, -22), (22, 22)) AS corner (north, east)
), of_type AS MATERIALIZED (
    SELECT id FROM lantern.site WHERE organisation_id = :organisation_id AND site_type = :site_type
), logged AS MATERIALIZED (
    -- One pass for both: what was searched in the period, and when each site was last. No revisit interval is longer
    -- than 366 days.
    SELECT cell_100m AS cell, site_id,
        CAST(count(*) FILTER (WHERE chosen) AS integer) AS efforts,
        CAST(count(*) FILTER (WHERE chosen AND met) AS integer) AS encounters,
        max(visited_at) FILTER (WHERE visited_at < :as_of_ends) AS last_at,
        string_agg(int8send(cell_100m) || float8send(ST_X(geom)) || float8send(ST_Y(geom)) || int4send(1)
            || int4send(CAST(met IS TRUE AS integer)) || int8send(0), ''::bytea)
            FILTER (WHERE chosen AND cell_100m IN (SELECT cell FROM border)) AS points
    FROM (
        SELECT cell_100m, geom, site_id, visited_at, outcome IN ('met', 'contact-refused') OR people_band <> '0' AS met,
            visited_at >= :starts AND visited_at < :ends
            AND (CAST(:team_id AS uuid) IS NULL OR team_id = :team_id)
            AND (CAST(:site_type AS text) IS NULL OR site_id IN (SELECT id FROM of_type)) AS chosen
        FROM lantern.visit
        WHERE organisation_id = :organisation_id AND outcome <> 'not-reached'
            AND visited_at < greatest(CAST(:ends AS timestamptz), CAST(:as_of_ends AS timestamptz))
            AND visited_at >= least(
                CAST(:starts AS timestamptz), CAST(:as_of_ends AS timestamptz) - interval '367 days')
    ) AS visit
    GROUP BY 1, 2
), history AS MATERIALIZED (
    -- The last status before the end; where the history begins later, its first.
    SELECT DISTINCT ON (site_id) site_id, status
    FROM lantern.site_status
    WHERE organisation_id = :organisation_id
    ORDER BY site_id, since >= :as_of_ends, abs(extract(epoch FROM since - :as_of_ends))
), last_effort AS MATERIALIZED (
    SELECT site_id, CAST(max(last_at) AT TIME ZONE :time_zone AS date) AS last_on
    FROM logged WHERE site_id IS NOT NULL GROUP BY site_id
), kept AS MATERIALIZED (
    SELECT site.cell_100m AS cell, site.geom,
        coalesce(CAST(:as_of AS date) - last_effort.last_on <= site.revisit_days, false) AS seen
    FROM lantern.site
    LEFT JOIN history ON history.site_id = site.id
    LEFT JOIN last_effort ON last_effort.site_id = site.id
    WHERE site.organisation_id = :organisation_id
        AND coalesce(history.status, site.status) = 'active'
        AND coalesce(site.first_seen_on, '-infinity') <= :as_of
        AND (CAST(:site_type AS text) IS NULL OR site.site_type = :site_type)
        AND (CAST(:team_id AS uuid) IS NULL OR EXISTS (
            SELECT FROM zone WHERE zone.kind = 'work area' AND ST_Covers(zone.geom, site.geom)))
), filled AS MATERIALIZED (
    SELECT cell, CAST(sum(efforts) AS integer) AS efforts, CAST(sum(encounters) AS integer) AS encounters,
        CAST(sum(sites) AS integer) AS sites, CAST(sum(seen) AS integer) AS seen
    FROM (
        SELECT cell, CAST(sum(efforts) AS integer) AS efforts, CAST(sum(encounters) AS integer) AS encounters,
            0 AS sites, 0 AS seen
        FROM logged WHERE efforts > 0 GROUP BY cell
        UNION ALL
        SELECT cell, 0, 0, CAST(count(*) AS integer), CAST(count(*) FILTER (WHERE seen) AS integer) FROM kept GROUP BY cell
    ) AS part
    GROUP BY cell
), square AS MATERIALIZED (
    -- A metre wider than the cell: its true edges bend by less.
    SELECT filled.*, cell / 10000000 * 1000000 + cell % 1000000 / 10 AS kilometre,
        ST_MakeEnvelope(cell % 1000000 * 100 - 1, cell / 1000000 * 100 - 1,
            cell % 1000000 * 100 + 101, cell / 1000000 * 100 + 101, 3035) AS s,
        ST_SetSRID(ST_MakePoint(cell % 1000000 * 100 + 50, cell / 1000000 * 100 + 50), 3035) AS centre
    FROM filled
), reach AS MATERIALIZED (
    SELECT kind, place, g, north * 1000000 + east AS kilometre
    FROM zone,
        LATERAL generate_series(floor((ST_YMin(g) - 1) / 1000)::bigint, floor((ST_YMax(g) + 1) / 1000)::bigint) AS north,
        LATERAL generate_series(floor((ST_XMin(g) - 1) / 1000)::bigint, floor((ST_XMax(g) + 1) / 1000)::bigint) AS east
), touched AS MATERIALIZED (
    SELECT reach.kind, reach.place, square.*,
        CASE WHEN cell IN (SELECT cell FROM border) THEN ST_Covers(reach.g, square.s) ELSE true END AS inside,
        CASE WHEN cell IN (SELECT cell FROM border) THEN ST_Intersects(reach.g, square.centre) ELSE true END AS centred
    FROM reach JOIN square ON square.kilometre = reach.kilometre
    WHERE reach.g && square.s AND CASE WHEN cell IN (SELECT cell FROM border)
        THEN ST_Intersects(reach.g, square.s) ELSE ST_Intersects(reach.g, square.centre) END
), pair AS MATERIALIZED (
    SELECT *, inside AND (kind = 'work area' OR count(*) OVER (PARTITION BY kind, cell) = 1) AS whole FROM touched
), counted AS (
    SELECT place, sum(efforts) AS efforts, sum(encounters) AS encounters, sum(sites) AS sites, sum(seen) AS seen
    FROM pair WHERE whole GROUP BY place
), searched AS (
    SELECT place, count(*) AS searched, count(*) FILTER (WHERE encounters > 0) AS found
    FROM pair WHERE efforts > 0 AND centred
    GROUP BY place
)
SELECT zone.kind, zone.place, zone.id, zone.name, zone.code, ST_Area(zone.g) / 1e6 AS km2,
    -- For drawing only: finer than a pixel while the whole fills a large screen.
    ST_AsBinary(ST_Transform(ST_Simplify(zone.g, extent.metres / 5000, true), 4326)) AS shape,
    ST_AsBinary(zone.geom) AS exact, NULL::bytea AS cells, NULL::bytea AS points, NULL::bytea AS pairs,
    CAST(coalesce(counted.efforts, 0) AS integer) AS efforts,
    CAST(coalesce(counted.encounters, 0) AS integer) AS encounters,
    CAST(coalesce(counted.sites, 0) AS integer) AS sites,
    CAST(coalesce(counted.seen, 0) AS integer) AS seen,
    CAST(coalesce(searched.searched, 0) AS integer) AS searched,
    CAST(coalesce(searched.found, 0) AS integer) AS found
FROM zone
CROSS JOIN (SELECT greatest(ST_XMax(e) - ST_XMin(e), ST_YMax(e) - ST_YMin(e)) AS metres FROM (
    SELECT ST_Extent(g) AS e FROM zone) AS box) AS extent
LEFT JOIN counted ON counted.place = zone.place
LEFT JOIN searched ON searched.place = zone.place
UNION ALL
SELECT 'all', 0, NULL, NULL, NULL, NULL, NULL, NULL,
    string_agg(int8send(cell) || int4send(efforts) || int4send(encounters), ''::bytea) FILTER (WHERE efforts > 0),
    coalesce((SELECT string_agg(points, ''::bytea) FROM logged), ''::bytea)
        || coalesce((SELECT string_agg(int8send(cell) || float8send(ST_X(geom)) || float8send(ST_Y(geom)) || int8send(0)
            || int4send(1) || int4send(CAST(seen AS integer)), ''::bytea)
            FROM kept WHERE cell IN (SELECT cell FROM border)), ''::bytea),
    (SELECT string_agg(int8send(place) || int8send(cell), ''::bytea) FROM pair WHERE NOT whole),
    CAST(coalesce(sum(efforts), 0) AS integer), CAST(coalesce(sum(encounters), 0) AS integer),
    CAST(coalesce(sum(sites), 0) AS integer), CAST(coalesce(sum(seen), 0) AS integer),
    CAST(count(*) FILTER (WHERE efforts > 0) AS integer), CAST(count(*) FILTER (WHERE encounters > 0) AS integer)
FROM filled
ORDER BY place;

-- name: overdue
-- Active sites that were not seen within their revisit interval, exact: for who asks for them and may reach them.
SELECT site.id, site.name, site.site_type, site.revisit_days, ST_X(site.geom) AS lon, ST_Y(site.geom) AS lat, last.last_on
FROM lantern.site
LEFT JOIN LATERAL (
    SELECT CAST(max(visited_at) AT TIME ZONE :time_zone AS date) AS last_on
    FROM lantern.visit
    WHERE visit.organisation_id = :organisation_id AND visit.site_id = site.id
        AND visit.outcome <> 'not-reached' AND visit.visited_at < :as_of_ends
) AS last ON true
LEFT JOIN LATERAL (
    SELECT status FROM lantern.site_status
    WHERE site_status.organisation_id = :organisation_id AND site_status.site_id = site.id
    ORDER BY since >= :as_of_ends, abs(extract(epoch FROM since - :as_of_ends)) LIMIT 1
) AS history ON true
WHERE site.organisation_id = :organisation_id
    AND coalesce(history.status, site.status) = 'active'
    AND coalesce(site.first_seen_on, '-infinity') <= :as_of
    AND (CAST(:site_type AS text) IS NULL OR site.site_type = :site_type)
    AND (CAST(:team_id AS uuid) IS NULL OR EXISTS (
        SELECT FROM lantern.work_area
        WHERE work_area.organisation_id = :organisation_id AND work_area.team_id = :team_id
            AND CAST(:as_of AS date) BETWEEN work_area.valid_from AND coalesce(work_area.valid_to, 'infinity')
            AND ST_Covers(work_area.geom, site.geom)))
    AND coalesce(CAST(:as_of AS date) - last.last_on > site.revisit_days, true)
ORDER BY last.last_on NULLS FIRST, site.id
LIMIT :most;
