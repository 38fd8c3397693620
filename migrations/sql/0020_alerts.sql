-- An alert is raised once and never changes: at a site, whose place it then has, at a point, or without a position.
CREATE TABLE lantern.alert (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    raised_by uuid NOT NULL,
    raised_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    site_id uuid,
    geom public.geometry(Point, 4326),
    cell_1km bigint GENERATED ALWAYS AS (lantern.cell(geom, 1000)) STORED,
    note_sealed bytea,
    body_hash bytea NOT NULL,
    CONSTRAINT alert_pkey PRIMARY KEY (organisation_id, id),
    CONSTRAINT alert_organisation_id_raised_by_fkey
        FOREIGN KEY (organisation_id, raised_by) REFERENCES lantern.account (organisation_id, id),
    CONSTRAINT alert_organisation_id_site_id_fkey
        FOREIGN KEY (organisation_id, site_id) REFERENCES lantern.site (organisation_id, id) ON DELETE CASCADE,
    CONSTRAINT alert_kind_check CHECK (kind IN ('cold', 'fire', 'violence', 'illness')),
    CONSTRAINT alert_one_place_check CHECK (site_id IS NULL OR geom IS NULL),
    CONSTRAINT alert_note_sealed_check CHECK (length(note_sealed) <= 16384),
    CONSTRAINT alert_body_hash_check CHECK (length(body_hash) <= 512)
);
CREATE INDEX alert_organisation_id_raised_at_index ON lantern.alert (organisation_id, raised_at);
CREATE INDEX alert_organisation_id_site_id_index ON lantern.alert (organisation_id, site_id);

-- What became of it, step by step; nobody alters or takes back a step. `at` is the database's clock.
CREATE TABLE lantern.alert_step (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    alert_id uuid NOT NULL,
    step text NOT NULL,
    by_account_id uuid NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    help_by timestamptz,
    CONSTRAINT alert_step_pkey PRIMARY KEY (organisation_id, id),
    CONSTRAINT alert_step_organisation_id_alert_id_fkey
        FOREIGN KEY (organisation_id, alert_id) REFERENCES lantern.alert (organisation_id, id) ON DELETE CASCADE,
    CONSTRAINT alert_step_organisation_id_by_account_id_fkey
        FOREIGN KEY (organisation_id, by_account_id) REFERENCES lantern.account (organisation_id, id),
    CONSTRAINT alert_step_step_check CHECK (step IN ('raised', 'seen', 'answered', 'over', 'false-alarm')),
    CONSTRAINT alert_step_help_by_check CHECK ((step = 'answered') = (help_by IS NOT NULL)),
    CONSTRAINT alert_step_in_time_check CHECK (help_by BETWEEN at AND at + interval '4 hours')
);
CREATE INDEX alert_step_organisation_id_alert_id_index ON lantern.alert_step (organisation_id, alert_id);
CREATE UNIQUE INDEX alert_step_raised_index ON lantern.alert_step (organisation_id, alert_id) WHERE step = 'raised';
CREATE UNIQUE INDEX alert_step_over_index ON lantern.alert_step (organisation_id, alert_id)
    WHERE step IN ('over', 'false-alarm');
CREATE UNIQUE INDEX alert_step_seen_index ON lantern.alert_step (organisation_id, alert_id, by_account_id)
    WHERE step = 'seen';

ALTER TABLE lantern.alert ENABLE ROW LEVEL SECURITY;
ALTER TABLE lantern.alert FORCE ROW LEVEL SECURITY;
ALTER TABLE lantern.alert_step ENABLE ROW LEVEL SECURITY;
ALTER TABLE lantern.alert_step FORCE ROW LEVEL SECURITY;

-- Not `recorded_at` and not `at`: nobody says when something came in. Sealed columns change when keys do.
GRANT SELECT, INSERT (organisation_id, id, kind, raised_by, raised_at, site_id, geom, note_sealed, body_hash),
    UPDATE (note_sealed, body_hash), DELETE ON lantern.alert TO lantern_app;
GRANT SELECT, INSERT (organisation_id, id, alert_id, step, by_account_id, help_by) ON lantern.alert_step TO lantern_app;

-- Seen by who raised it, by who looks after its place today, and by managers. What a widening opens shows no alert.
CREATE POLICY read ON lantern.alert FOR SELECT TO lantern_app
    USING (
        organisation_id = lantern.asking_organisation()
        AND CASE (SELECT lantern.asking_scope())
            WHEN 'organisation' THEN true
            WHEN 'areas' THEN raised_by = (SELECT lantern.asking_account())
                OR (site_id IS NOT NULL AND lantern.my_site(site_id))
                OR (site_id IS NULL AND cell_1km = ANY ((SELECT lantern.my_cells_1km())::bigint[])
                    AND public.ST_Covers((SELECT lantern.my_ground()), geom))
            ELSE false
        END
    );
-- Raised in one's own name; a foreign key tells nothing about sites that its maker does not see.
CREATE POLICY raise ON lantern.alert FOR INSERT TO lantern_app
    WITH CHECK (
        organisation_id = lantern.asking_organisation()
        AND raised_by = lantern.asking_account()
        AND (SELECT lantern.asking_scope()) IN ('organisation', 'areas')
        AND (site_id IS NULL OR EXISTS (
            SELECT FROM lantern.site
            WHERE site.organisation_id = alert.organisation_id AND site.id = alert.site_id))
    );
CREATE POLICY keys ON lantern.alert FOR SELECT TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'keys');
CREATE POLICY reseal ON lantern.alert FOR UPDATE TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'keys');

CREATE POLICY read ON lantern.alert_step FOR SELECT TO lantern_app
    USING (organisation_id = lantern.asking_organisation()
        AND (SELECT lantern.asking_scope()) IN ('organisation', 'areas')
        AND EXISTS (SELECT FROM lantern.alert
            WHERE alert.organisation_id = alert_step.organisation_id AND alert.id = alert_step.alert_id));
CREATE POLICY step ON lantern.alert_step FOR INSERT TO lantern_app
    WITH CHECK (organisation_id = lantern.asking_organisation()
        AND by_account_id = lantern.asking_account()
        AND (SELECT lantern.asking_scope()) IN ('organisation', 'areas')
        AND EXISTS (SELECT FROM lantern.alert
            WHERE alert.organisation_id = alert_step.organisation_id AND alert.id = alert_step.alert_id));

-- It begins by who raised it, is answered by somebody else, and after its end there is no step.
CREATE FUNCTION lantern.alert_step_follows() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    raiser uuid := (SELECT raised_by FROM lantern.alert
        WHERE alert.organisation_id = NEW.organisation_id AND alert.id = NEW.alert_id);
BEGIN
    IF (NEW.step = 'raised' AND NEW.by_account_id IS DISTINCT FROM raiser)
        OR (NEW.step IN ('seen', 'answered') AND NEW.by_account_id IS NOT DISTINCT FROM raiser)
        OR EXISTS (SELECT FROM lantern.alert_step AS done
            WHERE done.organisation_id = NEW.organisation_id AND done.alert_id = NEW.alert_id
                AND done.step IN ('over', 'false-alarm'))
    THEN
        RAISE EXCEPTION 'an alert is answered by a second person, and nothing follows its end'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER follows BEFORE INSERT ON lantern.alert_step FOR EACH ROW
    WHEN (lantern.asking_organisation() IS NOT NULL) EXECUTE FUNCTION lantern.alert_step_follows();
GRANT EXECUTE ON FUNCTION lantern.alert_step_follows() TO lantern_app;

-- Alerts are kept by a rule of their own, and go with their site when that is erased, its steps with it.
CREATE OR REPLACE FUNCTION lantern.retention_usual(what text) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN CASE what
    WHEN 'visits' THEN 730 WHEN 'changes' THEN 730 WHEN 'closed-sites' THEN 90
    WHEN 'sessions' THEN 30 WHEN 'access-tokens' THEN 90 WHEN 'alerts' THEN 365
END;
CREATE OR REPLACE FUNCTION lantern.retention_least(what text) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN CASE what
    WHEN 'visits' THEN 30 WHEN 'changes' THEN 30 WHEN 'closed-sites' THEN 7
    WHEN 'sessions' THEN 1 WHEN 'access-tokens' THEN 1 WHEN 'alerts' THEN 30
END;
ALTER TABLE lantern.retention_rule DROP CONSTRAINT retention_rule_kind_check,
    ADD CONSTRAINT retention_rule_kind_check
        CHECK (kind IN ('visits', 'changes', 'closed-sites', 'sessions', 'access-tokens', 'alerts'));
CREATE POLICY retention_read ON lantern.alert FOR SELECT TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'retention');
CREATE POLICY retention_take ON lantern.alert FOR DELETE TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'retention'
        AND raised_at < (SELECT lantern.retention_before('alerts', now()))
        AND recorded_at < now() - interval '7 days');

ALTER TABLE lantern.erasure DROP CONSTRAINT erasure_noun_check,
    ADD CONSTRAINT erasure_noun_check CHECK (noun IN ('site', 'visit', 'account', 'alert'));
CREATE POLICY erase_read ON lantern.alert FOR SELECT TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'erasure'
        AND lantern.erased(organisation_id, 'site', site_id));
