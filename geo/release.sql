-- name: counted_sites
-- The sites that a release counts: in a given cell, first seen before the moment the period ends, active at it by the
-- history of their status (without a history, by their status), and not to be kept off lists today.
SELECT site.id, site.cell_1km
FROM lantern.site
LEFT JOIN LATERAL (
    SELECT step.status
    FROM lantern.site_status AS step
    WHERE step.organisation_id = site.organisation_id AND step.site_id = site.id AND step.since < (:last_day + 1)::timestamp AT TIME ZONE :time_zone
    ORDER BY step.since DESC, step.id DESC
    LIMIT 1
) AS then_was ON true
WHERE site.organisation_id = :organisation_id
    AND site.cell_1km = ANY (:cells)
    AND site.status <> 'do-not-list'
    AND CASE
        WHEN then_was.status IS NOT NULL THEN then_was.status = 'active'
        WHEN EXISTS (
            SELECT FROM lantern.site_status AS step
            WHERE step.organisation_id = site.organisation_id AND step.site_id = site.id
        ) THEN false
        ELSE site.status = 'active' AND coalesce(site.first_seen_on, site.created_at::date) <= :last_day
    END
ORDER BY site.id

-- name: most_paid
-- The most ε that one of these sites has paid within a window of months that holds a period: the window that ends with
-- the period, and those that end with a later one that was drawn before it.
SELECT max(paid)
FROM (
    SELECT sum(charge.epsilon) OVER (
        PARTITION BY charge.site_id ORDER BY charge.last_day::timestamp
        RANGE BETWEEN make_interval(months => :months, days => -1) PRECEDING AND CURRENT ROW
    ) AS paid
    FROM lantern.release_charge AS charge
    WHERE charge.organisation_id = :organisation_id
        AND charge.site_id = ANY (:sites)
        AND charge.last_day > :last_day - make_interval(months => :months)
        AND charge.last_day < :last_day + make_interval(months => :months)
) AS windows
