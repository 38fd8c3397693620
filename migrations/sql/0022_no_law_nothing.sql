DROP TRIGGER nothing ON lantern.law_request;
DROP FUNCTION lantern.law_request_nothing();
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
CREATE OR REPLACE FUNCTION lantern.law_shows_visit(visit uuid, site uuid, at public.geometry, visited_at timestamptz)
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

ALTER TABLE lantern.law_request NO FORCE ROW LEVEL SECURITY;
UPDATE lantern.law_request SET covers_sites = NULL, covers_visits = NULL WHERE proposed_by IS NULL;
ALTER TABLE lantern.law_request FORCE ROW LEVEL SECURITY;
ALTER TABLE lantern.law_request DROP CONSTRAINT law_request_covers_check;
ALTER TABLE lantern.law_request ADD CONSTRAINT law_request_covers_check CHECK (
    num_nulls(covers_sites, covers_visits) IN (0, 2) AND (covers_sites IS NULL OR proposed_by IS NOT NULL)
    AND cardinality(covers_sites) <= 1000 AND cardinality(covers_visits) <= 1000);
