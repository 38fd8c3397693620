-- name: tables
-- Every table, and whether row-level security holds in it, for the owner too.
SELECT
    relname AS name,
    relrowsecurity AND relforcerowsecurity
        AND EXISTS (SELECT FROM pg_policy WHERE polrelid = pg_class.oid) AS guarded
FROM pg_class
JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE nspname IN ('lantern', 'release') AND relkind IN ('r', 'p');

-- name: amounts
-- How much there is, and from when. No row of it names anyone.
SELECT
    (SELECT count(*) FROM lantern.visit WHERE organisation_id = :organisation_id) AS visits,
    (SELECT min(visited_at) FROM lantern.visit WHERE organisation_id = :organisation_id) AS first_visit_at,
    (SELECT count(*) FROM lantern.visit
        WHERE organisation_id = :organisation_id AND note_sealed IS NOT NULL) AS visit_notes,
    (SELECT count(*) FROM lantern.site
        WHERE organisation_id = :organisation_id AND access_note_sealed IS NOT NULL) AS site_notes,
    (SELECT count(*) FROM lantern.access_token
        WHERE organisation_id = :organisation_id AND (expires_at IS NULL OR expires_at > now())) AS tokens,
    (SELECT count(*) FROM lantern.access_token
        WHERE organisation_id = :organisation_id AND expires_at IS NULL) AS endless_tokens,
    (SELECT count(*) FROM lantern.log_entry WHERE organisation_id = :organisation_id) AS log_entries,
    (SELECT min(at) FROM lantern.log_entry WHERE organisation_id = :organisation_id) AS first_entry_at;

-- name: sites
SELECT status, count(*) AS number FROM lantern.site
WHERE organisation_id = :organisation_id GROUP BY status ORDER BY status;

-- name: people
-- People with an account today, by role; who has two roles counts in both.
SELECT role, count(*) AS number
FROM lantern.account, unnest(roles) AS role
WHERE organisation_id = :organisation_id AND (left_on IS NULL OR left_on > :today)
GROUP BY role;

-- name: acts
-- What the log of the last year holds, by act.
SELECT act, count(*) AS number FROM lantern.log_entry
WHERE organisation_id = :organisation_id AND at > :today - interval '1 year'
GROUP BY act;

-- name: charged
-- Over the months that end today: how many sites paid, and what the one that paid most paid for each release.
SELECT count(*) OVER () AS sites, array_agg(epsilon) AS paid
FROM lantern.release_charge
WHERE organisation_id = :organisation_id AND last_day > :today - make_interval(months => :months)
GROUP BY site_id
ORDER BY sum(epsilon) DESC
LIMIT 1;

-- name: connection
-- The server's own side: its version, whether the login would pass by the policies, and whether the way is encrypted.
SELECT
    current_setting('server_version_num')::integer AS version,
    current_setting('server_version') AS version_name,
    (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = session_user) AS passes_by,
    inet_client_addr() IS NULL AS by_socket,
    coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS encrypted;
