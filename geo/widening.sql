-- name: opened_areas
-- The work areas that a widening opens to who asks, as GeoJSON.
SELECT work_area.id, work_area.name, ST_AsGeoJSON(work_area.geom, 6)::json AS shape
FROM lantern.work_area
WHERE work_area.organisation_id = lantern.asking_organisation()
    AND work_area.id = ANY ((SELECT lantern.opened_areas())::uuid[])
ORDER BY work_area.name, work_area.id;
