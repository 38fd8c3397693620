-- name: sites_geojson
SELECT :before || '{"type":"Feature","id":"' || site.id || '","geometry":' || ST_AsGeoJSON(site.geom, 7, 0)
    || ',"properties":{"site_type":' || to_json(site.site_type)
    || ',"status":' || to_json(site.status)
    || ',"name":' || coalesce(to_json(site.name)::text, 'null')
    || ',"uncertainty_m":' || site.uncertainty_m
    || ',"revisit_days":' || site.revisit_days
    || ',"first_seen_on":' || coalesce(to_json(site.first_seen_on)::text, 'null')
    || ',"updated_at":' || to_json(site.updated_at)
    || ',"version":' || site.version || '}}' || :after AS line
FROM wanted AS site

-- name: sites_csv
-- A cell that begins like a formula gets an apostrophe in front, so that no spreadsheet runs it.
SELECT site.id,
    round(ST_X(site.geom)::numeric, 7) AS lon,
    round(ST_Y(site.geom)::numeric, 7) AS lat,
    site.site_type,
    site.status,
    regexp_replace(site.name, :formula, '''') AS name,
    site.uncertainty_m,
    site.revisit_days,
    site.first_seen_on,
    to_char(site.updated_at, :moment) AS updated_at,
    site.version,
    NULL AS number_returned
FROM wanted AS site

-- name: visits_geojson
SELECT :before || '{"type":"Feature","id":"' || visit.id || '","geometry":' || ST_AsGeoJSON(visit.geom, 7, 0)
    || ',"properties":{"site_id":' || coalesce(to_json(visit.site_id)::text, 'null')
    || ',"site_type":' || coalesce(to_json(site.site_type)::text, 'null')
    || ',"visited_at":' || to_json(visit.visited_at)
    || ',"outcome":' || to_json(visit.outcome)
    || ',"people_band":' || coalesce(to_json(visit.people_band)::text, 'null')
    || ',"account_id":' || coalesce(to_json(visit.account_id)::text, 'null')
    || ',"worker":' || coalesce(to_json(account.name)::text, 'null')
    || ',"team_id":' || coalesce(to_json(visit.team_id)::text, 'null')
    || ',"team":' || coalesce(to_json(team.name)::text, 'null')
    || ',"source":' || to_json(visit.source)
    || ',"recorded_at":' || to_json(visit.recorded_at)
    || ',"version":' || visit.version || '}}' || :after AS line
FROM wanted AS visit
LEFT JOIN lantern.site ON site.organisation_id = visit.organisation_id AND site.id = visit.site_id
LEFT JOIN lantern.account ON account.organisation_id = visit.organisation_id AND account.id = visit.account_id
LEFT JOIN lantern.team ON team.organisation_id = visit.organisation_id AND team.id = visit.team_id

-- name: visits_csv
SELECT visit.id,
    round(ST_X(visit.geom)::numeric, 7) AS lon,
    round(ST_Y(visit.geom)::numeric, 7) AS lat,
    visit.site_id,
    site.site_type,
    to_char(visit.visited_at, :moment) AS visited_at,
    visit.outcome,
    visit.people_band,
    visit.account_id,
    regexp_replace(account.name, :formula, '''') AS worker,
    visit.team_id,
    regexp_replace(team.name, :formula, '''') AS team,
    visit.source,
    to_char(visit.recorded_at, :moment) AS recorded_at,
    visit.version,
    NULL AS number_returned
FROM wanted AS visit
LEFT JOIN lantern.site ON site.organisation_id = visit.organisation_id AND site.id = visit.site_id
LEFT JOIN lantern.account ON account.organisation_id = visit.organisation_id AND account.id = visit.account_id
LEFT JOIN lantern.team ON team.organisation_id = visit.organisation_id AND team.id = visit.team_id

-- name: areas_geojson
SELECT :before || '{"type":"Feature","id":"' || area.id || '","geometry":'
    || ST_AsGeoJSON(ST_ForcePolygonCCW(area.geom), 7, 0)
    || ',"properties":{"name":' || to_json(area.name)
    || ',"team_id":' || coalesce(to_json(area.team_id)::text, 'null')
    || ',"team":' || coalesce(to_json(team.name)::text, 'null')
    || ',"valid_from":' || to_json(area.valid_from)
    || ',"valid_to":' || coalesce(to_json(area.valid_to)::text, 'null')
    || ',"updated_at":' || to_json(area.updated_at)
    || ',"version":' || area.version || '}}' || :after AS line
FROM wanted AS area
LEFT JOIN lantern.team ON team.organisation_id = area.organisation_id AND team.id = area.team_id

-- name: areas_csv
SELECT area.id,
    regexp_replace(area.name, :formula, '''') AS name,
    area.team_id,
    regexp_replace(team.name, :formula, '''') AS team,
    area.valid_from,
    area.valid_to,
    to_char(area.updated_at, :moment) AS updated_at,
    area.version,
    ST_AsText(ST_ForcePolygonCCW(area.geom), 7) AS "WKT",
    NULL AS number_returned
FROM wanted AS area
LEFT JOIN lantern.team ON team.organisation_id = area.organisation_id AND team.id = area.team_id

-- name: zone_shapes
-- The exact shapes of districts and work areas by id.
SELECT id, ST_AsGeoJSON(ST_ForcePolygonCCW(geom), 7, 0) AS shape
FROM (
    SELECT id, geom FROM lantern.district WHERE organisation_id = :organisation_id AND id = ANY (:ids)
    UNION ALL
    SELECT id, geom FROM lantern.work_area WHERE organisation_id = :organisation_id AND id = ANY (:ids)
) AS zone

-- name: as_geojson
-- Shapes in WKB (EPSG:4326) as GeoJSON, in the same order.
SELECT ST_AsGeoJSON(ST_ForcePolygonCCW(ST_GeomFromWKB(shape, 4326)), 7, 0)
FROM unnest(:shapes) WITH ORDINALITY AS given (shape, place)
ORDER BY place
