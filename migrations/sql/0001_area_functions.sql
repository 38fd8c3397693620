-- The ground of the work areas that are assigned today to whoever asks, as one multipolygon whose parts may overlap;
-- null without any. Policies ask it once a query, `(SELECT lantern.my_ground())`, not once a row. Invoker's rights: the
-- policies of assignment and work_area apply inside. PL/pgSQL keeps its plan from one request to the next.
CREATE FUNCTION lantern.my_ground() RETURNS public.geometry LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    RETURN (
        SELECT public.ST_Multi(public.ST_Collect(part.geom))
        FROM lantern.assignment AS mine
        JOIN lantern.work_area AS area ON area.organisation_id = mine.organisation_id AND area.id = mine.work_area_id
        CROSS JOIN LATERAL public.ST_Dump(area.geom) AS part
        WHERE mine.organisation_id = lantern.asking_organisation()
            AND mine.account_id = lantern.asking_account()
            AND lantern.asking_on() BETWEEN mine.starts_on AND coalesce(mine.ends_on, 'infinity')
            AND lantern.asking_on() BETWEEN area.valid_from AND coalesce(area.valid_to, 'infinity')
    );
END $$;

-- The 1 km cells that my areas touch: the cheap test that comes before the exact one.
CREATE FUNCTION lantern.my_cells_1km() RETURNS bigint[] LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    RETURN (
        SELECT coalesce(array_agg(DISTINCT cell), '{}')
        FROM lantern.assignment AS mine
        JOIN lantern.work_area AS area ON area.organisation_id = mine.organisation_id AND area.id = mine.work_area_id
        CROSS JOIN LATERAL unnest(area.cells_1km) AS cell
        WHERE mine.organisation_id = lantern.asking_organisation()
            AND mine.account_id = lantern.asking_account()
            AND lantern.asking_on() BETWEEN mine.starts_on AND coalesce(mine.ends_on, 'infinity')
            AND lantern.asking_on() BETWEEN area.valid_from AND coalesce(area.valid_to, 'infinity')
    );
END $$;
