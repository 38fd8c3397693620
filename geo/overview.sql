-- name: last_visit
-- The moment of the last visit.
SELECT max(visited_at) FROM lantern.visit WHERE organisation_id = :organisation_id AND visited_at < :ends;

-- name: first_record
-- The first day of which there is anything: a visit, or a site, seen first or else entered.
SELECT least(
    (SELECT CAST(min(visited_at) AT TIME ZONE :time_zone AS date) FROM lantern.visit
    WHERE organisation_id = :organisation_id),
    (SELECT min(coalesce(first_seen_on, CAST(created_at AS date))) FROM lantern.site
    WHERE organisation_id = :organisation_id)
);

-- name: sites_by_status
-- How many sites have each status.
SELECT status, count(*) AS sites
FROM lantern.site
WHERE organisation_id = :organisation_id
GROUP BY status;

-- name: visits_between
-- Visits, searches among them, and encounters from one moment to another, and the same in the stretch before it.
SELECT visited_at >= :starts AS now,
    count(*) AS visits,
    count(*) FILTER (WHERE outcome <> 'not-reached') AS searches,
    count(*) FILTER (WHERE outcome IN ('met', 'contact-refused') OR people_band <> '0') AS encounters
FROM lantern.visit
WHERE organisation_id = :organisation_id
    AND (visited_at >= :starts AND visited_at < :ends OR visited_at >= :starts_before AND visited_at < :ends_before)
GROUP BY 1;
