-- name: plan
-- One pass in the order of the table and a hash: what counting millions of rows into cells needs. The estimates that
-- the policies bring in would choose a sort.
SET LOCAL work_mem = '128MB';
SET LOCAL jit = off;
SET LOCAL enable_sort = off;
SET LOCAL enable_indexscan = off;

-- name: cells
-- Efforts and encounters by cell and step of the period, as one run of bytes (big-endian: cell_100m and cell_250m of
-- 8 bytes; step, efforts, encounters of 4). An effort is every visit that reached its place; an encounter met somebody.
SELECT string_agg(
    int8send(cell_100m) || int8send(cell_250m) || int4send(step) || int4send(efforts) || int4send(encounters), ''::bytea
) AS counts
FROM (
    SELECT
        visit.cell_100m,
        visit.cell_250m,
        CASE WHEN cardinality(CAST(:edges AS timestamptz[])) = 0 THEN 0
            ELSE width_bucket(visit.visited_at, CAST(:edges AS timestamptz[])) END AS step,
        CAST(count(*) AS integer) AS efforts,
        CAST(count(*) FILTER (
            WHERE visit.outcome IN ('met', 'contact-refused') OR visit.people_band <> '0') AS integer) AS encounters
    FROM lantern.visit
    WHERE visit.organisation_id = :organisation_id
        AND visit.visited_at >= :starts AND visit.visited_at < :ends
        AND visit.outcome <> 'not-reached'
        AND (CAST(:team_id AS uuid) IS NULL OR visit.team_id = :team_id)
        AND (CAST(:site_type AS text) IS NULL OR visit.site_id IN (
            SELECT site.id FROM lantern.site
            WHERE site.organisation_id = :organisation_id AND site.site_type = :site_type))
    GROUP BY 1, 2, 3
) AS counted;

-- name: outlines
-- The districts' outlines for drawing, by code: simplified to less than a pixel while the whole fills a large screen.
SELECT name, ST_AsBinary(ST_Transform(ST_Simplify(g, metres / 5000, true), 4326)) AS shape
FROM (
    SELECT name, code, g, greatest(
        max(ST_XMax(g)) OVER () - min(ST_XMin(g)) OVER (), max(ST_YMax(g)) OVER () - min(ST_YMin(g)) OVER ()) AS metres
    FROM (
        SELECT name, code, ST_Transform(ST_Segmentize(geom, 0.01), 3035) AS g
        FROM lantern.district
        WHERE organisation_id = :organisation_id
            AND CAST(:as_of AS date) BETWEEN coalesce(valid_from, '-infinity') AND coalesce(valid_to, 'infinity')
    ) AS projected
) AS measured
ORDER BY code;
