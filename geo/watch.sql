-- name: watched_sites
-- Every site under watch that the asker reaches, the longest overdue first. A site falls due its revisit interval
-- after the last visit that searched it; one never searched is due since it was first seen.
SELECT site.id, site.name, site.site_type, site_type.label AS type_label, site.status, site.access_note_sealed,
    site.revisit_days, site.uncertainty_m, ST_X(site.geom) AS lon, ST_Y(site.geom) AS lat,
    latest.visited_at, latest.outcome, latest.people_band,
    due.due_on, :today - due.due_on AS days_late
FROM lantern.site
JOIN lantern.site_type ON site_type.organisation_id = site.organisation_id AND site_type.slug = site.site_type
LEFT JOIN LATERAL (
    SELECT visited_at, outcome, people_band FROM lantern.visit
    WHERE visit.organisation_id = site.organisation_id AND visit.site_id = site.id
    ORDER BY visited_at DESC, visit.id DESC LIMIT 1
) AS latest ON true
LEFT JOIN LATERAL (
    SELECT visited_at FROM lantern.visit
    WHERE visit.organisation_id = site.organisation_id AND visit.site_id = site.id AND outcome <> 'not-reached'
    ORDER BY visited_at DESC LIMIT 1
) AS searched ON true
CROSS JOIN LATERAL (
    SELECT coalesce(
        (searched.visited_at AT TIME ZONE :time_zone)::date + site.revisit_days,
        site.first_seen_on,
        (site.created_at AT TIME ZONE :time_zone)::date
    ) AS due_on
) AS due
WHERE site.organisation_id = :organisation_id AND site.status IN ('active', 'unverified')
ORDER BY due.due_on, site.id
LIMIT :most;

-- name: areas_of_today
-- The work areas that someone looks after today, as GeoJSON.
SELECT work_area.id, work_area.name, ST_AsGeoJSON(work_area.geom, 6)::json AS shape, bool_or(assignment.cover) AS cover
FROM lantern.assignment
JOIN lantern.work_area
    ON work_area.organisation_id = assignment.organisation_id AND work_area.id = assignment.work_area_id
WHERE assignment.organisation_id = :organisation_id AND assignment.account_id = :account_id
    AND :today BETWEEN assignment.starts_on AND coalesce(assignment.ends_on, 'infinity')
    AND :today BETWEEN work_area.valid_from AND coalesce(work_area.valid_to, 'infinity')
GROUP BY work_area.organisation_id, work_area.id
ORDER BY work_area.name, work_area.id;
