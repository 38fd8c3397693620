-- name: due
-- The active sites that who asks reaches whose last search is older than their revisit interval, or that were never
-- searched; the most overdue first, measured in intervals. A search is every visit but one that did not get there.
SELECT *
FROM (
    SELECT
        site.id,
        site.name,
        site.site_type,
        site.access_note_sealed,
        site.uncertainty_m,
        site.revisit_days,
        ST_X(site.geom) AS lon,
        ST_Y(site.geom) AS lat,
        last.visited_at AS last_visit_at,
        last.outcome AS last_outcome,
        (:today - (last.visited_at AT TIME ZONE :time_zone)::date) AS days_since,
        coalesce(
            (:today - (last.visited_at AT TIME ZONE :time_zone)::date)::float / site.revisit_days,
            greatest(1, (:today - coalesce(site.first_seen_on, (site.created_at AT TIME ZONE :time_zone)::date))::float
                / site.revisit_days)
        ) AS intervals
    FROM lantern.site
    LEFT JOIN LATERAL (
        SELECT visit.visited_at, visit.outcome
        FROM lantern.visit
        WHERE visit.organisation_id = site.organisation_id
            AND visit.site_id = site.id
            AND visit.outcome <> 'not-reached'
        ORDER BY visit.visited_at DESC
        LIMIT 1
    ) AS last ON true
    WHERE site.organisation_id = :organisation_id
        AND site.status = 'active'
        AND (CAST(:area AS uuid) IS NULL OR EXISTS (
            SELECT FROM lantern.work_area
            WHERE work_area.organisation_id = site.organisation_id
                AND work_area.id = CAST(:area AS uuid)
                AND site.cell_1km = ANY (work_area.cells_1km)
                AND ST_Covers(work_area.geom, site.geom)))
) AS seen
WHERE days_since IS NULL OR days_since > revisit_days
ORDER BY intervals DESC, id
LIMIT :limit
