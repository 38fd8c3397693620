-- Who registers a request sees, in that transaction, whether the ids are those of sites; and when one is refused that nobody
-- proposed, it is written down if it covered nothing: then it holds nothing from there on.
ALTER TABLE lantern.law_request DROP CONSTRAINT law_request_covers_check;
ALTER TABLE lantern.law_request ADD CONSTRAINT law_request_covers_check CHECK (
    num_nulls(covers_sites, covers_visits) IN (0, 2)
    AND (covers_sites IS NULL OR proposed_by IS NOT NULL
        OR (refused_by IS NOT NULL AND covers_sites = '{}' AND covers_visits = '{}'))
    AND cardinality(covers_sites) <= 1000 AND cardinality(covers_visits) <= 1000);

-- What scope `law` sees: who registers, the sites listed, and who refuses, what is named, in that transaction alone; who
-- proposes, what is named, until it is written down; who agrees, what was written down, as far as it still lies in the
-- outline and the days.
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
            WHEN asked.registered_by = lantern.asking_account() AND asked.registered_at >= now()
                THEN site = ANY (asked.site_ids)
            WHEN asked.refused_by = lantern.asking_account() AND asked.refused_at >= now()
                THEN lantern.law_names(asked.site_ids, asked.work_area_id, site, at)
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
            WHEN asked.refused_by = lantern.asking_account() AND asked.refused_at >= now()
                THEN lantern.law_names(asked.site_ids, asked.work_area_id, site, at)
            ELSE false END
);

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
    ELSIF step <@ '{covers_sites,covers_visits}' AND OLD.covers_sites IS NULL AND OLD.refused_by = me
        AND NEW.covers_sites = '{}' AND NEW.covers_visits = '{}' AND by_law AND pg_trigger_depth() > 1 THEN
        RETURN NEW;
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

CREATE FUNCTION lantern.law_request_nothing() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    area lantern.work_area;
    something boolean;
BEGIN
    SELECT work_area.* INTO area FROM lantern.work_area
        WHERE work_area.organisation_id = NEW.organisation_id AND work_area.id = NEW.work_area_id;
    IF NEW.noun = 'sites' THEN
        something := EXISTS (SELECT FROM lantern.site
            WHERE site.organisation_id = NEW.organisation_id
                AND (area.id IS NULL OR site.cell_1km = ANY (area.cells_1km))
                AND lantern.law_shows_site(site.id, site.geom));
    ELSE
        something := EXISTS (SELECT FROM lantern.visit
            WHERE visit.organisation_id = NEW.organisation_id
                AND visit.visited_at >= NEW.first_day - 1 AND visit.visited_at < NEW.last_day + 2
                AND (area.id IS NULL OR visit.cell_1km = ANY (area.cells_1km))
                AND lantern.law_shows_visit(visit.id, visit.site_id, visit.geom, visit.visited_at));
    END IF;
    IF NOT something THEN
        UPDATE lantern.law_request SET covers_sites = '{}', covers_visits = '{}'
            WHERE law_request.organisation_id = NEW.organisation_id AND law_request.id = NEW.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER nothing AFTER UPDATE ON lantern.law_request FOR EACH ROW
    WHEN (lantern.asking_scope() = 'law' AND OLD.refused_at IS NULL AND NEW.refused_at IS NOT NULL
        AND NEW.covers_sites IS NULL)
    EXECUTE FUNCTION lantern.law_request_nothing();
