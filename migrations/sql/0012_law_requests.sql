-- Requests by law: what an authority asks for is written down, and goes out by two persons or not at all. What is asked is
-- said once; what may change is the answer. The words, which may name someone, are sealed by the app.
CREATE TABLE lantern.law_request (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    registered_by uuid NOT NULL,
    registered_at timestamptz NOT NULL DEFAULT now(),
    words_sealed bytea NOT NULL,
    came_on date NOT NULL,
    due_on date NOT NULL,
    noun text NOT NULL,
    site_ids uuid[] NOT NULL,
    work_area_id uuid,
    first_day date,
    last_day date,
    proposed_by uuid,
    proposed_at timestamptz,
    agreed_by uuid,
    agreed_at timestamptz,
    refused_by uuid,
    refused_at timestamptz,
    refusal_sealed bytea,
    released_at timestamptz,
    file_hash bytea,
    file_bytes integer,
    file_rows integer,
    CONSTRAINT law_request_pkey PRIMARY KEY (organisation_id, id),
    CONSTRAINT law_request_organisation_id_registered_by_fkey
        FOREIGN KEY (organisation_id, registered_by) REFERENCES lantern.account (organisation_id, id),
    CONSTRAINT law_request_organisation_id_work_area_id_fkey
        FOREIGN KEY (organisation_id, work_area_id) REFERENCES lantern.work_area (organisation_id, id),
    CONSTRAINT law_request_organisation_id_proposed_by_fkey
        FOREIGN KEY (organisation_id, proposed_by) REFERENCES lantern.account (organisation_id, id),
    CONSTRAINT law_request_organisation_id_agreed_by_fkey
        FOREIGN KEY (organisation_id, agreed_by) REFERENCES lantern.account (organisation_id, id),
    CONSTRAINT law_request_organisation_id_refused_by_fkey
        FOREIGN KEY (organisation_id, refused_by) REFERENCES lantern.account (organisation_id, id),
    CONSTRAINT law_request_words_sealed_check CHECK (length(words_sealed) <= 16384),
    CONSTRAINT law_request_due_check CHECK (due_on >= came_on),
    CONSTRAINT law_request_noun_check CHECK (noun IN ('sites', 'visits')),
    CONSTRAINT law_request_scope_check
        CHECK (cardinality(site_ids) <= 100 AND (cardinality(site_ids) > 0 OR work_area_id IS NOT NULL)),
    CONSTRAINT law_request_period_check CHECK (CASE noun
        WHEN 'visits' THEN num_nulls(first_day, last_day) = 0 AND last_day - first_day BETWEEN 0 AND 366
        ELSE num_nulls(first_day, last_day) = 2 END),
    CONSTRAINT law_request_proposed_check CHECK (num_nulls(proposed_by, proposed_at) IN (0, 2)),
    CONSTRAINT law_request_agreed_check
        CHECK (num_nulls(agreed_by, agreed_at) IN (0, 2) AND (agreed_by IS NULL OR proposed_by IS NOT NULL)),
    CONSTRAINT law_request_second_person_check CHECK (agreed_by <> proposed_by),
    CONSTRAINT law_request_in_time_check CHECK (agreed_at BETWEEN proposed_at AND proposed_at + interval '7 days'),
    CONSTRAINT law_request_refused_check
        CHECK (num_nulls(refused_by, refused_at, refusal_sealed) IN (0, 3) AND num_nonnulls(refused_at, agreed_at) < 2),
    CONSTRAINT law_request_refusal_sealed_check CHECK (length(refusal_sealed) <= 16384),
    CONSTRAINT law_request_released_check CHECK (
        num_nulls(released_at, file_hash, file_bytes, file_rows) IN (0, 4)
        AND (released_at IS NULL OR agreed_at IS NOT NULL)),
    CONSTRAINT law_request_file_hash_check CHECK (length(file_hash) = 32)
);

-- What went out, sealed, once; the row of the request keeps its hash when it is gone.
CREATE TABLE lantern.law_file (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    file_sealed bytea NOT NULL,
    goes_at timestamptz NOT NULL DEFAULT now() + interval '90 days',
    CONSTRAINT law_file_pkey PRIMARY KEY (organisation_id, id),
    CONSTRAINT law_file_organisation_id_id_fkey
        FOREIGN KEY (organisation_id, id) REFERENCES lantern.law_request (organisation_id, id),
    CONSTRAINT law_file_file_sealed_check CHECK (length(file_sealed) <= 1100000)
);

ALTER TABLE lantern.law_request ENABLE ROW LEVEL SECURITY;
ALTER TABLE lantern.law_request FORCE ROW LEVEL SECURITY;
ALTER TABLE lantern.law_file ENABLE ROW LEVEL SECURITY;
ALTER TABLE lantern.law_file FORCE ROW LEVEL SECURITY;

-- The moments are set by the triggers below, and `goes_at` by nobody.
GRANT SELECT,
    INSERT (organisation_id, id, registered_by, words_sealed, came_on, due_on, noun, site_ids, work_area_id, first_day,
        last_day),
    UPDATE (words_sealed, refusal_sealed, proposed_by, agreed_by, refused_by, file_hash, file_bytes, file_rows)
    ON lantern.law_request TO lantern_app;
GRANT SELECT, INSERT (organisation_id, id, file_sealed), UPDATE (file_sealed), DELETE ON lantern.law_file TO lantern_app;

-- Undecided: neither refused nor released, proposed less than 7 days ago or, unproposed, registered less than 90 days ago.
CREATE FUNCTION lantern.law_undecided(
    registered_at timestamptz, proposed_at timestamptz, refused_at timestamptz, released_at timestamptz
) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN refused_at IS NULL AND released_at IS NULL
    AND coalesce(proposed_at + interval '7 days', registered_at + interval '90 days') > statement_timestamp();

-- Does a request name a place: by its id, if it lists ids, and by lying in its work area, if it has one?
CREATE FUNCTION lantern.law_names(named uuid[], area uuid, place uuid, at public.geometry) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN (named = '{}' OR place = ANY (named)) AND (area IS NULL OR EXISTS (
    SELECT FROM lantern.work_area
    WHERE work_area.organisation_id = lantern.asking_organisation() AND work_area.id = area
        AND public.ST_Covers(work_area.geom, at)));

-- The days of a period, a day more at both ends: the day on the wall is not known here, and a hold rather holds too much.
CREATE FUNCTION lantern.law_period(first_day date, last_day date, moment timestamptz) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN moment >= first_day - 1 AND moment < last_day + 2;

-- The undecided request that holds a site, or a visit: what it names neither goes nor becomes coarse meanwhile. A site is
-- held by a request for its visits too, for where it moves they move.
CREATE FUNCTION lantern.site_held_by(site uuid, at public.geometry) RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
RETURN (
    SELECT asked.id FROM lantern.law_request AS asked
    WHERE asked.organisation_id = lantern.asking_organisation()
        AND lantern.law_undecided(asked.registered_at, asked.proposed_at, asked.refused_at, asked.released_at)
        AND lantern.law_names(asked.site_ids, asked.work_area_id, site, at)
    ORDER BY asked.id LIMIT 1
);
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

-- What the second person lets out, in the transaction in which they agree, and in no other.
CREATE FUNCTION lantern.law_shows_site(site uuid, at public.geometry) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN EXISTS (
    SELECT FROM lantern.law_request AS asked
    WHERE asked.organisation_id = lantern.asking_organisation()
        AND asked.id = lantern.asking_with('law_request')::uuid
        AND asked.agreed_by = lantern.asking_account() AND asked.released_at IS NULL
        AND lantern.law_names(asked.site_ids, asked.work_area_id, site, at)
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
    lantern.law_undecided(timestamptz, timestamptz, timestamptz, timestamptz),
    lantern.law_names(uuid[], uuid, uuid, public.geometry),
    lantern.law_period(date, date, timestamptz),
    lantern.site_held_by(uuid, public.geometry),
    lantern.visit_held_by(uuid, public.geometry, timestamptz),
    lantern.law_shows_site(uuid, public.geometry),
    lantern.law_shows_visit(uuid, public.geometry, timestamptz)
    TO lantern_app;

-- The register: stewards and managers read it, stewards add to it. Scope `law` sees the one request that it names.
CREATE POLICY read ON lantern.law_request FOR SELECT TO lantern_app
    USING (organisation_id = lantern.asking_organisation()
        AND ((SELECT lantern.asking_scope()) = 'organisation'
            OR 'steward' = ANY ((SELECT lantern.asking_roles())::text[])));
CREATE POLICY by_law ON lantern.law_request FOR SELECT TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'law'
        AND id = (SELECT lantern.asking_with('law_request'))::uuid);
CREATE POLICY hold ON lantern.law_request FOR SELECT TO lantern_app
    USING (organisation_id = lantern.asking_organisation()
        AND (SELECT lantern.asking_scope()) IN ('retention', 'erasure')
        AND lantern.law_undecided(registered_at, proposed_at, refused_at, released_at));
CREATE POLICY register ON lantern.law_request FOR INSERT TO lantern_app
    WITH CHECK (organisation_id = lantern.asking_organisation() AND registered_by = lantern.asking_account()
        AND 'steward' = ANY ((SELECT lantern.asking_roles())::text[]));
CREATE POLICY step ON lantern.law_request FOR UPDATE TO lantern_app
    USING (organisation_id = lantern.asking_organisation()
        AND ((SELECT lantern.asking_scope()) = 'organisation'
            OR 'steward' = ANY ((SELECT lantern.asking_roles())::text[])
            OR ((SELECT lantern.asking_scope()) = 'law' AND id = (SELECT lantern.asking_with('law_request'))::uuid)));

-- The file: the two persons', until it goes; then retention's.
CREATE POLICY read ON lantern.law_file FOR SELECT TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND goes_at > statement_timestamp()
        AND EXISTS (SELECT FROM lantern.law_request AS asked
            WHERE asked.organisation_id = law_file.organisation_id AND asked.id = law_file.id
                AND (SELECT lantern.asking_account()) IN (asked.proposed_by, asked.agreed_by)));
CREATE POLICY keep ON lantern.law_file FOR INSERT TO lantern_app
    WITH CHECK (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'law'
        AND EXISTS (SELECT FROM lantern.law_request AS asked
            WHERE asked.organisation_id = law_file.organisation_id AND asked.id = law_file.id
                AND asked.agreed_by = lantern.asking_account() AND asked.released_at IS NULL));
CREATE POLICY retention_read ON lantern.law_file FOR SELECT TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'retention'
        AND goes_at < statement_timestamp());
CREATE POLICY retention_take ON lantern.law_file FOR DELETE TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'retention'
        AND goes_at < statement_timestamp());

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['law_request', 'law_file'] LOOP
        EXECUTE format($policy$
            CREATE POLICY keys ON lantern.%1$I FOR SELECT TO lantern_app
                USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'keys');
            CREATE POLICY reseal ON lantern.%1$I FOR UPDATE TO lantern_app
                USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'keys');
        $policy$, name);
    END LOOP;
END $$;

-- What scope `law` reads to write the file: what the request names, in whose area, and who worked there.
CREATE POLICY by_law ON lantern.site FOR SELECT TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'law'
        AND lantern.law_shows_site(id, geom));
CREATE POLICY by_law ON lantern.visit FOR SELECT TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'law'
        AND lantern.law_shows_visit(site_id, geom, visited_at));
CREATE POLICY by_law ON lantern.account FOR SELECT TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'law');
CREATE POLICY by_law ON lantern.work_area FOR SELECT TO lantern_app
    USING (organisation_id = lantern.asking_organisation()
        AND (SELECT lantern.asking_scope()) IN ('law', 'retention', 'erasure')
        AND EXISTS (SELECT FROM lantern.law_request AS asked
            WHERE asked.organisation_id = work_area.organisation_id AND asked.work_area_id = work_area.id));

-- Held: no scope takes it, and retention does not coarsen it.
CREATE POLICY held ON lantern.site AS RESTRICTIVE FOR DELETE TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND lantern.site_held_by(id, geom) IS NULL);
CREATE POLICY held ON lantern.visit AS RESTRICTIVE FOR DELETE TO lantern_app
    USING (organisation_id = lantern.asking_organisation()
        AND lantern.visit_held_by(site_id, geom, visited_at) IS NULL);
ALTER POLICY retention_coarsen ON lantern.site
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'retention'
        AND status = 'closed' AND created_at < now() - interval '7 days'
        AND coalesce(lantern.closed_at(organisation_id, id), updated_at)
            < (SELECT lantern.retention_before('closed-sites', now()))
        AND lantern.site_held_by(id, geom) IS NULL);
ALTER POLICY retention_coarsen ON lantern.visit
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'retention'
        AND EXISTS (SELECT FROM lantern.site WHERE site.organisation_id = visit.organisation_id
            AND site.id = visit.site_id AND site.status = 'closed' AND site.coarsened_at IS NOT NULL)
        AND lantern.visit_held_by(site_id, geom, visited_at) IS NULL);

-- A step: proposed by a steward, agreed to by a second person and released in one transaction, or refused; each once, by
-- whoever asks, whose account says that they may and have not left. Sealed anew with all that is sealed.
CREATE FUNCTION lantern.law_request_step() RETURNS trigger LANGUAGE plpgsql
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
CREATE TRIGGER step BEFORE UPDATE ON lantern.law_request FOR EACH ROW
    WHEN (lantern.asking_organisation() IS NOT NULL) EXECUTE FUNCTION lantern.law_request_step();

-- Whoever agrees has released when their transaction ends: nobody looks without letting out, or lets out without a file.
CREATE FUNCTION lantern.law_release_is_whole() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM lantern.law_request AS asked
        JOIN lantern.law_file AS file ON file.organisation_id = asked.organisation_id AND file.id = asked.id
        WHERE asked.organisation_id = NEW.organisation_id AND asked.id = NEW.id AND asked.released_at IS NOT NULL
    ) THEN
        RAISE EXCEPTION 'a request that is agreed to is released with its file' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER whole AFTER UPDATE ON lantern.law_request DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (OLD.agreed_at IS NULL AND NEW.agreed_at IS NOT NULL) EXECUTE FUNCTION lantern.law_release_is_whole();

CREATE TRIGGER stays BEFORE UPDATE ON lantern.law_file FOR EACH ROW
    WHEN (lantern.asking_scope() <> 'keys' OR (NEW.organisation_id, NEW.id, NEW.goes_at)
        IS DISTINCT FROM (OLD.organisation_id, OLD.id, OLD.goes_at))
    EXECUTE FUNCTION lantern.refuse('never changes');
CREATE TRIGGER kept BEFORE DELETE ON lantern.law_file FOR EACH ROW
    WHEN (OLD.goes_at > statement_timestamp())
    EXECUTE FUNCTION lantern.refuse('is kept until its time');
