-- What a work area is called, which team it is of and when it is valid: everyone of the organisation may know that, so
-- that they can ask for it. Where it lies is for who reaches it. Kept by the trigger below and by nothing else.
CREATE TABLE lantern.area_name (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    team_id uuid,
    valid_from date NOT NULL,
    valid_to date,
    CONSTRAINT area_name_pkey PRIMARY KEY (organisation_id, id),
    CONSTRAINT area_name_organisation_id_id_fkey
        FOREIGN KEY (organisation_id, id) REFERENCES lantern.work_area (organisation_id, id) ON DELETE CASCADE
);

CREATE FUNCTION lantern.name_area() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO lantern.area_name (organisation_id, id, name, team_id, valid_from, valid_to)
    VALUES (NEW.organisation_id, NEW.id, NEW.name, NEW.team_id, NEW.valid_from, NEW.valid_to)
    ON CONFLICT (organisation_id, id) DO UPDATE SET name = EXCLUDED.name, team_id = EXCLUDED.team_id,
        valid_from = EXCLUDED.valid_from, valid_to = EXCLUDED.valid_to;
    RETURN NULL;
END $$;
CREATE TRIGGER name_area AFTER INSERT OR UPDATE OF name, team_id, valid_from, valid_to ON lantern.work_area
    FOR EACH ROW EXECUTE FUNCTION lantern.name_area();

-- The owner of the tables is under their policies too, but for this moment.
ALTER TABLE lantern.work_area NO FORCE ROW LEVEL SECURITY;
INSERT INTO lantern.area_name (organisation_id, id, name, team_id, valid_from, valid_to)
SELECT organisation_id, id, name, team_id, valid_from, valid_to FROM lantern.work_area;
ALTER TABLE lantern.work_area FORCE ROW LEVEL SECURITY;

-- One person asks to see one work area, for a reason; a second one lets them, for at most 60 minutes, or does not.
-- An ask is granted within four hours or never: what was urgent then need not be so now.
CREATE TABLE lantern.widening (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    work_area_id uuid NOT NULL,
    reason text NOT NULL,
    asked_at timestamptz NOT NULL DEFAULT now(),
    granted_by uuid,
    granted_at timestamptz,
    ends_at timestamptz,
    ended_by uuid,
    ended_at timestamptz,
    CONSTRAINT widening_pkey PRIMARY KEY (organisation_id, id),
    CONSTRAINT widening_organisation_id_account_id_fkey
        FOREIGN KEY (organisation_id, account_id) REFERENCES lantern.account (organisation_id, id),
    CONSTRAINT widening_organisation_id_work_area_id_fkey
        FOREIGN KEY (organisation_id, work_area_id) REFERENCES lantern.work_area (organisation_id, id),
    CONSTRAINT widening_organisation_id_granted_by_fkey
        FOREIGN KEY (organisation_id, granted_by) REFERENCES lantern.account (organisation_id, id),
    CONSTRAINT widening_organisation_id_ended_by_fkey
        FOREIGN KEY (organisation_id, ended_by) REFERENCES lantern.account (organisation_id, id),
    CONSTRAINT widening_reason_check CHECK (length(reason) BETWEEN 3 AND 200),
    CONSTRAINT widening_second_person_check CHECK (granted_by <> account_id),
    CONSTRAINT widening_granted_check CHECK (num_nulls(granted_by, granted_at, ends_at) IN (0, 3)),
    CONSTRAINT widening_in_time_check CHECK (granted_at BETWEEN asked_at AND asked_at + interval '4 hours'),
    CONSTRAINT widening_hour_check CHECK (ends_at > granted_at AND ends_at <= granted_at + interval '60 minutes'),
    CONSTRAINT widening_ended_check CHECK (num_nulls(ended_by, ended_at) IN (0, 2))
);
CREATE INDEX widening_organisation_id_account_id_ends_at_index
    ON lantern.widening (organisation_id, account_id, ends_at);

ALTER TABLE lantern.area_name ENABLE ROW LEVEL SECURITY;
ALTER TABLE lantern.area_name FORCE ROW LEVEL SECURITY;
ALTER TABLE lantern.widening ENABLE ROW LEVEL SECURITY;
ALTER TABLE lantern.widening FORCE ROW LEVEL SECURITY;

-- Who asked for what, why and when is said once; what may change is the answer and the end.
GRANT SELECT, INSERT, UPDATE ON lantern.area_name TO lantern_app;
GRANT SELECT, INSERT (organisation_id, id, account_id, work_area_id, reason),
    UPDATE (granted_by, granted_at, ends_at, ended_by, ended_at) ON lantern.widening TO lantern_app;

CREATE POLICY read ON lantern.area_name FOR SELECT TO lantern_app
    USING (organisation_id = lantern.asking_organisation()
        AND (SELECT lantern.asking_scope()) IN ('organisation', 'areas', 'people', 'desk'));
CREATE POLICY keep ON lantern.area_name FOR ALL TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'organisation');

-- The work areas assigned today to whoever asks. What a widening opens is not among them: nobody passes it on.
CREATE FUNCTION lantern.my_areas() RETURNS uuid[] LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (
        SELECT coalesce(array_agg(DISTINCT area.id), '{}')
        FROM lantern.assignment AS mine
        JOIN lantern.area_name AS area ON area.organisation_id = mine.organisation_id AND area.id = mine.work_area_id
        WHERE lantern.asking_scope() = 'areas'
            AND mine.organisation_id = lantern.asking_organisation()
            AND mine.account_id = lantern.asking_account()
            AND lantern.asking_on() BETWEEN mine.starts_on AND coalesce(mine.ends_on, 'infinity')
            AND lantern.asking_on() BETWEEN area.valid_from AND coalesce(area.valid_to, 'infinity')
    );
END $$;

-- Those, and the other areas of one's team: who is told when someone else sees them.
CREATE FUNCTION lantern.areas_of_my_team() RETURNS uuid[] LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN lantern.my_areas() || (
        SELECT coalesce(array_agg(area.id), '{}')
        FROM lantern.area_name AS area
        JOIN lantern.account AS me ON me.organisation_id = area.organisation_id AND me.team_id = area.team_id
        WHERE lantern.asking_scope() = 'areas'
            AND me.organisation_id = lantern.asking_organisation()
            AND me.id = lantern.asking_account()
    );
END $$;

-- The work areas that a widening opens, at this moment, to whoever asks; and their ground, as in lantern.my_ground().
CREATE FUNCTION lantern.opened_areas() RETURNS uuid[] LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (
        SELECT coalesce(array_agg(work_area_id), '{}')
        FROM lantern.widening
        WHERE lantern.asking_scope() IN ('areas', 'desk')
            AND organisation_id = lantern.asking_organisation()
            AND account_id = lantern.asking_account()
            AND ended_at IS NULL
            AND ends_at > statement_timestamp()
    );
END $$;

CREATE FUNCTION lantern.opened_ground() RETURNS public.geometry LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (
        SELECT public.ST_Multi(public.ST_Collect(part.geom))
        FROM lantern.work_area AS area
        CROSS JOIN LATERAL public.ST_Dump(area.geom) AS part
        WHERE area.organisation_id = lantern.asking_organisation()
            AND area.id = ANY (lantern.opened_areas())
            AND lantern.asking_on() BETWEEN area.valid_from AND coalesce(area.valid_to, 'infinity')
    );
END $$;

CREATE FUNCTION lantern.opened_cells_1km() RETURNS bigint[] LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (
        SELECT coalesce(array_agg(DISTINCT cell), '{}')
        FROM lantern.work_area AS area
        CROSS JOIN LATERAL unnest(area.cells_1km) AS cell
        WHERE area.organisation_id = lantern.asking_organisation()
            AND area.id = ANY (lantern.opened_areas())
            AND lantern.asking_on() BETWEEN area.valid_from AND coalesce(area.valid_to, 'infinity')
    );
END $$;

-- Known to who asked, to who looks after the area and their team, to managers and stewards; to nobody else.
CREATE POLICY read ON lantern.widening FOR SELECT TO lantern_app
    USING (organisation_id = lantern.asking_organisation()
        AND (account_id = lantern.asking_account()
            OR (SELECT lantern.asking_scope()) = 'organisation'
            OR 'steward' = ANY ((SELECT lantern.asking_roles())::text[])
            OR work_area_id = ANY ((SELECT lantern.areas_of_my_team())::uuid[])));
CREATE POLICY ask ON lantern.widening FOR INSERT TO lantern_app
    WITH CHECK (organisation_id = lantern.asking_organisation()
        AND account_id = lantern.asking_account()
        AND (SELECT lantern.asking_scope()) IN ('areas', 'desk'));
CREATE POLICY answer ON lantern.widening FOR UPDATE TO lantern_app
    USING (organisation_id = lantern.asking_organisation()
        AND (account_id = lantern.asking_account()
            OR (SELECT lantern.asking_scope()) = 'organisation'
            OR work_area_id = ANY ((SELECT lantern.my_areas())::uuid[])));

-- A widening is granted once, by a second person who reaches the area by themselves, from this moment on; it is ended
-- once, at this moment. Where nobody asks (no setting) the policies let nothing through, and there is nothing to guard.
CREATE FUNCTION lantern.widening_step() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    me uuid := lantern.asking_account();
BEGIN
    IF OLD.granted_at IS NULL AND OLD.ended_at IS NULL AND NEW.granted_by = me AND NEW.account_id <> me
        AND NEW.ended_by IS NULL
        AND (lantern.asking_scope() = 'organisation' OR NEW.work_area_id = ANY (lantern.my_areas()))
    THEN
        NEW.granted_at := statement_timestamp();
    ELSIF OLD.ended_at IS NULL AND NEW.ended_by = me
        AND (NEW.granted_by, NEW.granted_at, NEW.ends_at) IS NOT DISTINCT FROM (OLD.granted_by, OLD.granted_at, OLD.ends_at)
    THEN
        NEW.ended_at := statement_timestamp();
    ELSE
        RAISE EXCEPTION 'a widening is granted once by a second person, and ended once'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER step BEFORE UPDATE ON lantern.widening FOR EACH ROW
    WHEN (lantern.asking_organisation() IS NOT NULL) EXECUTE FUNCTION lantern.widening_step();

-- What is opened is seen, and a streetworker logs visits there, but no more: nothing of it can be moved or made one's own.
CREATE POLICY opened ON lantern.work_area FOR SELECT TO lantern_app
    USING (organisation_id = lantern.asking_organisation()
        AND id = ANY ((SELECT lantern.opened_areas())::uuid[])
        AND lantern.asking_on() BETWEEN valid_from AND coalesce(valid_to, 'infinity'));
CREATE POLICY opened ON lantern.site FOR SELECT TO lantern_app
    USING (organisation_id = lantern.asking_organisation()
        AND cell_1km = ANY ((SELECT lantern.opened_cells_1km())::bigint[])
        AND public.ST_Covers((SELECT lantern.opened_ground()), geom));

-- The history of a site is written by who may change the site. Where it is opened, it is not.
CREATE FUNCTION lantern.my_site(of uuid) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN EXISTS (
    SELECT FROM lantern.site
    WHERE organisation_id = lantern.asking_organisation()
        AND id = of
        AND ((cell_1km = ANY ((SELECT lantern.my_cells_1km())::bigint[])
                AND public.ST_Covers((SELECT lantern.my_ground()), geom))
            OR (logged_by = lantern.asking_account() AND handed_over_at IS NULL))
);
CREATE POLICY not_opened ON lantern.site_status AS RESTRICTIVE FOR INSERT TO lantern_app
    WITH CHECK (CASE (SELECT lantern.asking_scope())
        WHEN 'organisation' THEN true
        WHEN 'areas' THEN lantern.my_site(site_id)
        ELSE false
    END);
CREATE POLICY not_opened ON lantern.site_move AS RESTRICTIVE FOR INSERT TO lantern_app
    WITH CHECK (CASE (SELECT lantern.asking_scope())
        WHEN 'organisation' THEN true
        WHEN 'areas' THEN lantern.my_site(from_site_id) AND lantern.my_site(to_site_id)
        ELSE false
    END);
