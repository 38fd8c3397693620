-- name: layer
-- One layer as a GeoJSON text, for drawing: coordinates to a metre, edges simplified by two.
SELECT '{"type":"FeatureCollection","features":[' || coalesce(string_agg(
    '{"type":"Feature","geometry":' || ST_AsGeoJSON(drawn, 5) || ',"properties":'
        || json_build_object('kind', kind, 'name', CASE WHEN layer IN ('place', 'water', 'park') THEN name END) || '}',
    ',' ORDER BY id), '') || ']}' AS collection
FROM (
    SELECT id, layer, kind, name, ST_Simplify(geom, 0.00002, true) AS drawn
    FROM lantern.basemap_feature
    WHERE organisation_id = :organisation_id AND layer = :layer
) AS feature
WHERE NOT ST_IsEmpty(drawn);
