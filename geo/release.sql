-- name: counted_sites
-- The sites that a release counts: in a given cell, first seen by the last day of the period, active at its end by the
-- history of their status (or by its first step, where that came later; without a history, by their status), and not to
-- be kept off lists today. Visit coverage counts as active sites the same.
SELECT site.id, site.cell_1km
FROM lantern.site
LEFT JOIN LATERAL (
    SELECT step.status
    FROM lantern.site_status AS step,
        LATERAL (SELECT (CAST(:last_day AS date) + 1)::timestamp AT TIME ZONE :time_zone AS at) AS period_end
    WHERE step.organisation_id = site.organisation_id AND step.site_id = site.id
    ORDER BY step.since >= period_end.at, abs(extract(epoch FROM step.since - period_end.at)), step.id DESC
    LIMIT 1
) AS then_was ON true
WHERE site.organisation_id = :organisation_id
    AND site.cell_1km = ANY (:cells)
    AND site.status <> 'do-not-list'
    AND coalesce(site.first_seen_on, site.created_at::date) <= :last_day
    AND coalesce(then_was.status, site.status) = 'active'
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
