-- What a request by law covers is written down when its release is proposed: which sites and visits, and the outline of its
-- area as it lay then. Unproposed, it covers what it names.
ALTER TABLE lantern.law_request
    ADD COLUMN covers_sites uuid[],
    ADD COLUMN covers_visits uuid[],
    ADD COLUMN outline public.geometry(MultiPolygon, 4326),
    ADD CONSTRAINT law_request_covers_check CHECK (
        num_nulls(covers_sites, covers_visits) IN (0, 2) AND (covers_sites IS NULL OR proposed_by IS NOT NULL)
        AND cardinality(covers_sites) <= 1000 AND cardinality(covers_visits) <= 1000);
GRANT UPDATE (covers_sites, covers_visits, outline) ON lantern.law_request TO lantern_app;

-- Held: until 7 days after one person refused it, or it lapsed. Who still needs it has that time to register it anew.
CREATE FUNCTION lantern.law_holds(
    registered_at timestamptz, proposed_at timestamptz, refused_at timestamptz, released_at timestamptz
) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN released_at IS NULL
    AND coalesce(refused_at, proposed_at + interval '7 days', registered_at + interval '90 days') + interval '7 days'
        > statement_timestamp();

-- May who proposed it still propose?
CREATE FUNCTION lantern.law_proposer_stays(proposer uuid) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN EXISTS (SELECT FROM lantern.account
    WHERE account.organisation_id = lantern.asking_organisation() AND account.id = proposer
        AND 'steward' = ANY (account.roles) AND (account.left_on IS NULL OR account.left_on > lantern.asking_on()));

CREATE FUNCTION lantern.visit_held_by(visit uuid, site uuid, at public.geometry, visited_at timestamptz) RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE
RETURN (
    SELECT asked.id FROM lantern.law_request AS asked
    WHERE asked.organisation_id = lantern.asking_organisation() AND asked.noun = 'visits'
        AND lantern.law_holds(asked.registered_at, asked.proposed_at, asked.refused_at, asked.released_at)
        AND CASE WHEN asked.covers_visits IS NOT NULL THEN visit = ANY (asked.covers_visits)
            ELSE lantern.law_period(asked.first_day, asked.last_day, visited_at)
                AND lantern.law_names(asked.site_ids, asked.work_area_id, site, at) END
    ORDER BY asked.id LIMIT 1
);
-- A site of which a visit is held is held: where it goes or becomes coarse, so does the visit.
CREATE OR REPLACE FUNCTION lantern.site_held_by(site uuid, at public.geometry) RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce((
    SELECT asked.id FROM lantern.law_request AS asked
    WHERE asked.organisation_id = lantern.asking_organisation()
        AND lantern.law_holds(asked.registered_at, asked.proposed_at, asked.refused_at, asked.released_at)
        AND CASE WHEN asked.covers_sites IS NOT NULL THEN site = ANY (asked.covers_sites)
            ELSE lantern.law_names(asked.site_ids, asked.work_area_id, site, at) END
    ORDER BY asked.id LIMIT 1
), (
    SELECT min(lantern.visit_held_by(visit.id, visit.site_id, visit.geom, visit.visited_at)::text)::uuid
    FROM lantern.visit
    WHERE visit.organisation_id = lantern.asking_organisation() AND visit.site_id = site
));

-- What scope `law` sees: who proposes, what is named, until it is written down; who agrees, what was written down, as far
-- as it still lies in the outline and the days.
CREATE OR REPLACE FUNCTION lantern.law_shows_site(site uuid, at public.geometry) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN EXISTS (
    SELECT FROM lantern.law_request AS asked
    WHERE asked.organisation_id = lantern.asking_organisation()
        AND asked.id = lantern.asking_with('law_request')::uuid AND asked.released_at IS NULL
        AND CASE WHEN asked.agreed_by = lantern.asking_account() THEN site = ANY (asked.covers_sites)
                AND (asked.outline IS NULL OR public.ST_Covers(asked.outline, at))
            WHEN asked.proposed_by = lantern.asking_account() THEN asked.covers_sites IS NULL
                AND lantern.law_names(asked.site_ids, asked.work_area_id, site, at)
            ELSE false END
);
CREATE FUNCTION lantern.law_shows_visit(visit uuid, site uuid, at public.geometry, visited_at timestamptz)
RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN EXISTS (
    SELECT FROM lantern.law_request AS asked
    WHERE asked.organisation_id = lantern.asking_organisation() AND asked.noun = 'visits'
        AND asked.id = lantern.asking_with('law_request')::uuid AND asked.released_at IS NULL
        AND lantern.law_period(asked.first_day, asked.last_day, visited_at)
        AND CASE WHEN asked.agreed_by = lantern.asking_account() THEN visit = ANY (asked.covers_visits)
                AND (asked.outline IS NULL OR public.ST_Covers(asked.outline, at))
            WHEN asked.proposed_by = lantern.asking_account() THEN asked.covers_visits IS NULL
                AND lantern.law_names(asked.site_ids, asked.work_area_id, site, at)
            ELSE false END
);
GRANT EXECUTE ON FUNCTION
    lantern.law_holds(timestamptz, timestamptz, timestamptz, timestamptz),
    lantern.law_proposer_stays(uuid),
    lantern.visit_held_by(uuid, uuid, public.geometry, timestamptz),
    lantern.law_shows_visit(uuid, uuid, public.geometry, timestamptz)
    TO lantern_app;

ALTER POLICY hold ON lantern.law_request
    USING (organisation_id = lantern.asking_organisation()
        AND (SELECT lantern.asking_scope()) IN ('retention', 'erasure')
        AND lantern.law_holds(registered_at, proposed_at, refused_at, released_at));
ALTER POLICY by_law ON lantern.visit
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'law'
        AND lantern.law_shows_visit(id, site_id, geom, visited_at));
ALTER POLICY held ON lantern.visit
    USING (organisation_id = lantern.asking_organisation()
        AND lantern.visit_held_by(id, site_id, geom, visited_at) IS NULL);
ALTER POLICY retention_coarsen ON lantern.visit
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'retention'
        AND EXISTS (SELECT FROM lantern.site WHERE site.organisation_id = visit.organisation_id
            AND site.id = visit.site_id AND site.status = 'closed' AND site.coarsened_at IS NOT NULL)
        AND lantern.visit_held_by(id, site_id, geom, visited_at) IS NULL);
DROP FUNCTION lantern.visit_held_by(uuid, public.geometry, timestamptz),
    lantern.law_shows_visit(uuid, public.geometry, timestamptz);

-- A step: proposed by a steward (anew by another, where who proposed it may no longer), agreed to by a second person and
-- released in one transaction, or refused; by whoever asks, whose account says that they may and have not left.
CREATE OR REPLACE FUNCTION lantern.law_request_step() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    me CONSTANT uuid := lantern.asking_account();
    by_law CONSTANT boolean := coalesce(lantern.asking_scope() = 'law', false);
    stays CONSTANT boolean := lantern.law_proposer_stays(OLD.proposed_by);
    step text[];
    mine text[];
BEGIN
    SELECT array_agg(was.key) INTO step
        FROM jsonb_each(to_jsonb(OLD)) AS was JOIN jsonb_each(to_jsonb(NEW)) AS is_to_be USING (key)
        WHERE was.value IS DISTINCT FROM is_to_be.value;
    IF lantern.asking_scope() = 'keys' THEN
        IF step <@ '{words_sealed,refusal_sealed}'
            AND (OLD.refusal_sealed IS NULL) = (NEW.refusal_sealed IS NULL) THEN
            RETURN NEW;
        END IF;
    ELSIF lantern.law_undecided(OLD.registered_at, OLD.proposed_at, OLD.refused_at, OLD.released_at) THEN
        SELECT account.roles INTO mine FROM lantern.account
            WHERE account.organisation_id = OLD.organisation_id AND account.id = me
                AND (account.left_on IS NULL OR account.left_on > lantern.asking_on());
        IF step = '{proposed_by}' AND (OLD.proposed_by IS NULL OR NOT stays) AND OLD.agreed_by IS NULL
            AND NEW.proposed_by = me AND 'steward' = ANY (mine) AND by_law THEN
            NEW.proposed_at := statement_timestamp();
            NEW.covers_sites := NULL;
            NEW.covers_visits := NULL;
            NEW.outline := NULL;
            RETURN NEW;
        ELSIF step <@ '{covers_sites,covers_visits,outline}' AND OLD.covers_sites IS NULL AND OLD.proposed_by = me
            AND by_law AND pg_trigger_depth() > 1 THEN
            RETURN NEW;
        ELSIF step = '{agreed_by}' AND OLD.agreed_by IS NULL AND NEW.agreed_by = me AND OLD.proposed_by <> me
            AND mine && '{manager,steward}' AND by_law THEN
            IF NOT stays OR OLD.covers_sites IS NULL THEN
                RAISE EXCEPTION 'who proposed it has left or is no steward any more: a steward proposes it anew'
                    USING ERRCODE = 'insufficient_privilege';
            END IF;
            NEW.agreed_at := statement_timestamp();
            RETURN NEW;
        ELSIF step <@ '{file_hash,file_bytes,file_rows}' AND OLD.agreed_by = me AND by_law THEN
            NEW.released_at := statement_timestamp();
            RETURN NEW;
        ELSIF step <@ '{refused_by,refusal_sealed}' AND NEW.refused_by = me AND mine && '{manager,steward}' THEN
            NEW.refused_at := statement_timestamp();
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'a request by law is released by two persons, or refused, once'
        USING ERRCODE = 'insufficient_privilege';
END $$;

-- Writes down what a proposal covers, in the statement that proposes: the policies of scope `law` show what is named, and
-- from then on nothing. Days are those on the wall of the organisation.
CREATE FUNCTION lantern.law_request_covers() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    most CONSTANT integer := 1000;
    area lantern.work_area;
    sites uuid[];
    visits uuid[] := '{}';
BEGIN
    SELECT work_area.* INTO area FROM lantern.work_area
        WHERE work_area.organisation_id = NEW.organisation_id AND work_area.id = NEW.work_area_id;
    IF NEW.noun = 'sites' THEN
        sites := ARRAY(SELECT site.id FROM lantern.site
            WHERE site.organisation_id = NEW.organisation_id
                AND (area.id IS NULL OR site.cell_1km = ANY (area.cells_1km))
                AND lantern.law_shows_site(site.id, site.geom)
            LIMIT most + 1);
    ELSE
        visits := ARRAY(SELECT visit.id FROM lantern.visit
            JOIN lantern.organisation ON organisation.id = visit.organisation_id
            WHERE visit.organisation_id = NEW.organisation_id
                AND visit.visited_at >= NEW.first_day - 1 AND visit.visited_at < NEW.last_day + 2
                AND (visit.visited_at AT TIME ZONE organisation.time_zone)::date BETWEEN NEW.first_day AND NEW.last_day
                AND (area.id IS NULL OR visit.cell_1km = ANY (area.cells_1km))
                AND lantern.law_shows_visit(visit.id, visit.site_id, visit.geom, visit.visited_at)
            LIMIT most + 1);
        sites := ARRAY(SELECT DISTINCT visit.site_id FROM lantern.visit
            WHERE visit.organisation_id = NEW.organisation_id AND visit.id = ANY (visits) AND visit.site_id IS NOT NULL);
    END IF;
    IF greatest(cardinality(sites), cardinality(visits)) > most THEN
        RAISE EXCEPTION 'a request by law covers too much' USING ERRCODE = 'program_limit_exceeded';
    END IF;
    UPDATE lantern.law_request SET covers_sites = sites, covers_visits = visits, outline = area.geom
        WHERE law_request.organisation_id = NEW.organisation_id AND law_request.id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER covers AFTER UPDATE ON lantern.law_request FOR EACH ROW
    WHEN (lantern.asking_organisation() IS NOT NULL AND NEW.proposed_at IS DISTINCT FROM OLD.proposed_at)
    EXECUTE FUNCTION lantern.law_request_covers();
