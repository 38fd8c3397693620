-- How long each kind of data is kept, in days: without a rule of its own, and at the least.
CREATE FUNCTION lantern.retention_usual(what text) RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE what
    WHEN 'visits' THEN 730 WHEN 'changes' THEN 730 WHEN 'closed-sites' THEN 90
    WHEN 'sessions' THEN 30 WHEN 'access-tokens' THEN 90
END;

CREATE FUNCTION lantern.retention_least(what text) RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE what
    WHEN 'visits' THEN 30 WHEN 'changes' THEN 30 WHEN 'closed-sites' THEN 7
    WHEN 'sessions' THEN 1 WHEN 'access-tokens' THEN 1
END;

-- Rules are added and never altered: the newest counts.
CREATE TABLE lantern.retention_rule (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    days integer NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    changed_by uuid,
    CONSTRAINT retention_rule_pkey PRIMARY KEY (organisation_id, id),
    CONSTRAINT retention_rule_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES lantern.organisation (id),
    CONSTRAINT retention_rule_organisation_id_changed_by_fkey
        FOREIGN KEY (organisation_id, changed_by) REFERENCES lantern.account (organisation_id, id),
    CONSTRAINT retention_rule_kind_check CHECK (kind IN ('visits', 'changes', 'closed-sites', 'sessions', 'access-tokens')),
    CONSTRAINT retention_rule_days_check CHECK (days BETWEEN lantern.retention_least(kind) AND 36500)
);

ALTER TABLE lantern.retention_rule ENABLE ROW LEVEL SECURITY;
ALTER TABLE lantern.retention_rule FORCE ROW LEVEL SECURITY;
-- Not `changed_at`: nobody can have set a rule a week ago.
GRANT SELECT, INSERT (organisation_id, id, kind, days, changed_by) ON lantern.retention_rule TO lantern_app;
CREATE POLICY read ON lantern.retention_rule FOR SELECT TO lantern_app
    USING (organisation_id = lantern.asking_organisation());
CREATE POLICY lay_down ON lantern.retention_rule FOR INSERT TO lantern_app
    WITH CHECK (organisation_id = lantern.asking_organisation()
        AND 'steward' = ANY ((SELECT lantern.asking_roles())::text[])
        AND changed_by IS NOT DISTINCT FROM lantern.asking_account());

-- The days that count at a moment. A shorter time counts from a week after it was laid down, a longer one at once.
CREATE FUNCTION lantern.retention_days(what text, at timestamptz) RETURNS integer LANGUAGE sql STABLE PARALLEL SAFE
RETURN greatest(
    coalesce(
        (SELECT rule.days FROM lantern.retention_rule AS rule
            WHERE rule.organisation_id = lantern.asking_organisation() AND rule.kind = what
                AND rule.changed_at <= at - interval '7 days'
            ORDER BY rule.changed_at DESC, rule.id DESC LIMIT 1),
        lantern.retention_usual(what)),
    (SELECT max(rule.days) FROM lantern.retention_rule AS rule
        WHERE rule.organisation_id = lantern.asking_organisation() AND rule.kind = what
            AND rule.changed_at > at - interval '7 days' AND rule.changed_at <= at)
);

-- What is older than this goes.
CREATE FUNCTION lantern.retention_before(what text, at timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
RETURN at - make_interval(days => lantern.retention_days(what, at));

-- The middle of the cell of the Eurostat grid that holds a point.
CREATE FUNCTION lantern.cell_centre(geom public.geometry, metres integer) RETURNS public.geometry
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN public.ST_Transform(public.ST_SetSRID(public.ST_MakePoint(
    (floor(public.ST_X(public.ST_Transform(geom, 3035)) / metres) + 0.5) * metres,
    (floor(public.ST_Y(public.ST_Transform(geom, 3035)) / metres) + 0.5) * metres
), 3035), 4326);

-- When a closed site was closed, by the history of its status.
CREATE FUNCTION lantern.closed_at(organisation uuid, site uuid) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
RETURN (SELECT max(step.since) FROM lantern.site_status AS step
    WHERE step.organisation_id = organisation AND step.site_id = site AND step.status = 'closed');

-- What is coarsened tells no more of the place than its cell.
ALTER TABLE lantern.site ADD COLUMN coarsened_at timestamptz,
    ADD CONSTRAINT site_coarsened_check CHECK (coarsened_at IS NULL OR (
        name IS NULL AND access_note_sealed IS NULL AND body_hash IS NULL AND geom = lantern.cell_centre(geom, 250)));
CREATE INDEX site_closed_index ON lantern.site (organisation_id, id) WHERE status = 'closed';

-- Whoever gives a coarsened site a point, a name or a note has made it exact again.
CREATE FUNCTION lantern.site_is_exact_again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.coarsened_at := NULL;
    RETURN NEW;
END $$;
CREATE TRIGGER exact_again BEFORE UPDATE OF geom, name, access_note_sealed, body_hash ON lantern.site FOR EACH ROW
    WHEN (OLD.coarsened_at IS NOT NULL AND NEW.coarsened_at IS NOT DISTINCT FROM OLD.coarsened_at
        AND (NEW.geom IS DISTINCT FROM OLD.geom
            OR num_nonnulls(NEW.name, NEW.access_note_sealed, NEW.body_hash) > 0))
    EXECUTE FUNCTION lantern.site_is_exact_again();

-- Scope `retention` takes what the rules say, and the policies hold it to them: a row that is younger stays, whoever asks.
-- What came in less than a week ago stays too, however old the day that it tells of: the steward sees it a week ahead.
GRANT DELETE ON lantern.visit, lantern.change TO lantern_app;

CREATE POLICY retention_read ON lantern.visit FOR SELECT TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'retention');
CREATE POLICY retention_take ON lantern.visit FOR DELETE TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'retention'
        AND visited_at < (SELECT lantern.retention_before('visits', now()))
        AND recorded_at < now() - interval '7 days');
-- The visits to a site that was coarsened lie where it lies now: the points of several would give the place away.
CREATE POLICY retention_coarsen ON lantern.visit FOR UPDATE TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'retention'
        AND EXISTS (SELECT FROM lantern.site WHERE site.organisation_id = visit.organisation_id
            AND site.id = visit.site_id AND site.status = 'closed' AND site.coarsened_at IS NOT NULL))
    WITH CHECK (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'retention'
        AND note_sealed IS NULL AND body_hash IS NULL
        AND geom = (SELECT site.geom FROM lantern.site
            WHERE site.organisation_id = visit.organisation_id AND site.id = visit.site_id));

CREATE POLICY retention_read ON lantern.site FOR SELECT TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'retention'
        AND status = 'closed');
CREATE POLICY retention_coarsen ON lantern.site FOR UPDATE TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'retention'
        AND status = 'closed' AND created_at < now() - interval '7 days'
        AND coalesce(lantern.closed_at(organisation_id, id), updated_at)
            < (SELECT lantern.retention_before('closed-sites', now())))
    WITH CHECK (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'retention'
        AND status = 'closed' AND coarsened_at IS NOT NULL);
CREATE POLICY retention_read ON lantern.site_status FOR SELECT TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'retention');

-- What a row was before goes when it is old, and with the row, and when the row is coarsened.
CREATE POLICY retention_read ON lantern.change FOR SELECT TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'retention');
CREATE POLICY retention_take ON lantern.change FOR DELETE TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'retention'
        AND (changed_at < (SELECT lantern.retention_before('changes', now()))
            OR CASE noun
                WHEN 'site' THEN EXISTS (SELECT FROM lantern.site WHERE site.organisation_id = change.organisation_id
                    AND site.id = change.noun_id AND site.status = 'closed' AND site.coarsened_at IS NOT NULL)
                WHEN 'visit' THEN NOT EXISTS (SELECT FROM lantern.visit
                    LEFT JOIN lantern.site ON site.organisation_id = visit.organisation_id AND site.id = visit.site_id
                    WHERE visit.organisation_id = change.organisation_id AND visit.id = change.noun_id
                        AND (site.status = 'closed' AND site.coarsened_at IS NOT NULL) IS NOT TRUE)
                ELSE false
            END));

DO $$
DECLARE kept record;
BEGIN
    FOR kept IN SELECT * FROM (VALUES ('session', 'sessions'), ('access_token', 'access-tokens')) AS kept (name, kind) LOOP
        EXECUTE format($policy$
            CREATE POLICY retention_read ON lantern.%1$I FOR SELECT TO lantern_app
                USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'retention');
            CREATE POLICY retention_take ON lantern.%1$I FOR DELETE TO lantern_app
                USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'retention'
                    AND expires_at < (SELECT lantern.retention_before(%2$L, now())));
        $policy$, kept.name, kept.kind);
    END LOOP;
END $$;
