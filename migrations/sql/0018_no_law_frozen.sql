DROP TRIGGER covers ON lantern.law_request;
DROP FUNCTION lantern.law_request_covers();
CREATE OR REPLACE FUNCTION lantern.law_request_step() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    me CONSTANT uuid := lantern.asking_account();
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
        IF step = '{proposed_by}' AND OLD.proposed_by IS NULL AND NEW.proposed_by = me AND 'steward' = ANY (mine) THEN
            NEW.proposed_at := statement_timestamp();
            RETURN NEW;
        ELSIF step = '{agreed_by}' AND OLD.agreed_by IS NULL AND NEW.agreed_by = me AND OLD.proposed_by <> me
            AND mine && '{manager,steward}' AND lantern.asking_scope() = 'law' THEN
            NEW.agreed_at := statement_timestamp();
            RETURN NEW;
        ELSIF step <@ '{file_hash,file_bytes,file_rows}' AND OLD.agreed_by = me
            AND lantern.asking_scope() = 'law' THEN
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
CREATE FUNCTION lantern.visit_held_by(site uuid, at public.geometry, visited_at timestamptz) RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE
RETURN (
    SELECT asked.id FROM lantern.law_request AS asked
    WHERE asked.organisation_id = lantern.asking_organisation() AND asked.noun = 'visits'
        AND lantern.law_undecided(asked.registered_at, asked.proposed_at, asked.refused_at, asked.released_at)
        AND lantern.law_period(asked.first_day, asked.last_day, visited_at)
        AND lantern.law_names(asked.site_ids, asked.work_area_id, site, at)
    ORDER BY asked.id LIMIT 1
);
CREATE FUNCTION lantern.law_shows_visit(site uuid, at public.geometry, visited_at timestamptz) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN EXISTS (
    SELECT FROM lantern.law_request AS asked
    WHERE asked.organisation_id = lantern.asking_organisation()
        AND asked.id = lantern.asking_with('law_request')::uuid
        AND asked.agreed_by = lantern.asking_account() AND asked.released_at IS NULL AND asked.noun = 'visits'
        AND lantern.law_period(asked.first_day, asked.last_day, visited_at)
        AND lantern.law_names(asked.site_ids, asked.work_area_id, site, at)
);
GRANT EXECUTE ON FUNCTION
    lantern.visit_held_by(uuid, public.geometry, timestamptz),
    lantern.law_shows_visit(uuid, public.geometry, timestamptz)
    TO lantern_app;
CREATE OR REPLACE FUNCTION lantern.site_held_by(site uuid, at public.geometry) RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
RETURN (
    SELECT asked.id FROM lantern.law_request AS asked
    WHERE asked.organisation_id = lantern.asking_organisation()
        AND lantern.law_undecided(asked.registered_at, asked.proposed_at, asked.refused_at, asked.released_at)
        AND lantern.law_names(asked.site_ids, asked.work_area_id, site, at)
    ORDER BY asked.id LIMIT 1
);
CREATE OR REPLACE FUNCTION lantern.law_shows_site(site uuid, at public.geometry) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN EXISTS (
    SELECT FROM lantern.law_request AS asked
    WHERE asked.organisation_id = lantern.asking_organisation()
        AND asked.id = lantern.asking_with('law_request')::uuid
        AND asked.agreed_by = lantern.asking_account() AND asked.released_at IS NULL
        AND lantern.law_names(asked.site_ids, asked.work_area_id, site, at)
);
ALTER POLICY retention_coarsen ON lantern.visit
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'retention'
        AND EXISTS (SELECT FROM lantern.site WHERE site.organisation_id = visit.organisation_id
            AND site.id = visit.site_id AND site.status = 'closed' AND site.coarsened_at IS NOT NULL)
        AND lantern.visit_held_by(site_id, geom, visited_at) IS NULL);
ALTER POLICY held ON lantern.visit
    USING (organisation_id = lantern.asking_organisation()
        AND lantern.visit_held_by(site_id, geom, visited_at) IS NULL);
ALTER POLICY by_law ON lantern.visit
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'law'
        AND lantern.law_shows_visit(site_id, geom, visited_at));
ALTER POLICY hold ON lantern.law_request
    USING (organisation_id = lantern.asking_organisation()
        AND (SELECT lantern.asking_scope()) IN ('retention', 'erasure')
        AND lantern.law_undecided(registered_at, proposed_at, refused_at, released_at));
DROP FUNCTION lantern.visit_held_by(uuid, uuid, public.geometry, timestamptz),
    lantern.law_shows_visit(uuid, uuid, public.geometry, timestamptz), lantern.law_proposer_stays(uuid),
    lantern.law_holds(timestamptz, timestamptz, timestamptz, timestamptz);
REVOKE UPDATE (covers_sites, covers_visits, outline) ON lantern.law_request FROM lantern_app;
ALTER TABLE lantern.law_request DROP CONSTRAINT law_request_covers_check, DROP COLUMN covers_sites,
    DROP COLUMN covers_visits, DROP COLUMN outline;
