-- A shift outside, alone or as a pair. Of the track nothing but its length: where someone walked stays on their phone.
CREATE TABLE lantern.patrol (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    second_id uuid,
    started_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    length_km double precision,
    ended_by uuid,
    CONSTRAINT patrol_pkey PRIMARY KEY (organisation_id, id),
    CONSTRAINT patrol_organisation_id_account_id_fkey
        FOREIGN KEY (organisation_id, account_id) REFERENCES lantern.account (organisation_id, id),
    CONSTRAINT patrol_organisation_id_second_id_fkey
        FOREIGN KEY (organisation_id, second_id) REFERENCES lantern.account (organisation_id, id),
    CONSTRAINT patrol_organisation_id_ended_by_fkey
        FOREIGN KEY (organisation_id, ended_by) REFERENCES lantern.account (organisation_id, id),
    CONSTRAINT patrol_pair_check CHECK (second_id <> account_id),
    CONSTRAINT patrol_ended_check CHECK (num_nulls(ended_at, ended_by) IN (0, 2)
        AND (length_km IS NULL OR ended_at IS NOT NULL)),
    CONSTRAINT patrol_hours_check CHECK (ended_at BETWEEN started_at AND started_at + interval '24 hours'),
    CONSTRAINT patrol_length_km_check CHECK (length_km BETWEEN 0 AND 300)
);
CREATE INDEX patrol_organisation_id_account_id_index ON lantern.patrol (organisation_id, account_id);
CREATE INDEX patrol_organisation_id_second_id_index ON lantern.patrol (organisation_id, second_id);

ALTER TABLE lantern.patrol ENABLE ROW LEVEL SECURITY;
ALTER TABLE lantern.patrol FORCE ROW LEVEL SECURITY;
-- Who went, with whom and from when is said once; what may change is the end, once.
GRANT SELECT, INSERT (organisation_id, id, account_id, second_id, started_at),
    UPDATE (ended_at, length_km, ended_by), DELETE ON lantern.patrol TO lantern_app;
CREATE POLICY read ON lantern.patrol FOR SELECT TO lantern_app
    USING (organisation_id = lantern.asking_organisation()
        AND CASE (SELECT lantern.asking_scope())
            WHEN 'organisation' THEN true
            WHEN 'areas' THEN (SELECT lantern.asking_account()) IN (account_id, second_id)
            ELSE false
        END);
CREATE POLICY start ON lantern.patrol FOR INSERT TO lantern_app
    WITH CHECK (organisation_id = lantern.asking_organisation()
        AND account_id = lantern.asking_account()
        AND (SELECT lantern.asking_scope()) IN ('organisation', 'areas'));
CREATE POLICY finish ON lantern.patrol FOR UPDATE TO lantern_app
    USING (organisation_id = lantern.asking_organisation()
        AND (SELECT lantern.asking_scope()) IN ('organisation', 'areas')
        AND lantern.asking_account() IN (account_id, second_id));
CREATE TRIGGER ends_once BEFORE UPDATE ON lantern.patrol FOR EACH ROW
    WHEN (lantern.asking_organisation() IS NOT NULL
        AND (OLD.ended_at IS NOT NULL OR NEW.ended_by IS DISTINCT FROM lantern.asking_account()))
    EXECUTE FUNCTION lantern.refuse('is ended once, in one''s own name');

CREATE OR REPLACE FUNCTION lantern.retention_usual(what text) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN CASE what
    WHEN 'visits' THEN 730 WHEN 'changes' THEN 730 WHEN 'closed-sites' THEN 90
    WHEN 'sessions' THEN 30 WHEN 'access-tokens' THEN 90 WHEN 'alerts' THEN 365 WHEN 'patrols' THEN 365
END;
CREATE OR REPLACE FUNCTION lantern.retention_least(what text) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN CASE what
    WHEN 'visits' THEN 30 WHEN 'changes' THEN 30 WHEN 'closed-sites' THEN 7
    WHEN 'sessions' THEN 1 WHEN 'access-tokens' THEN 1 WHEN 'alerts' THEN 30 WHEN 'patrols' THEN 30
END;
ALTER TABLE lantern.retention_rule DROP CONSTRAINT retention_rule_kind_check,
    ADD CONSTRAINT retention_rule_kind_check
        CHECK (kind IN ('visits', 'changes', 'closed-sites', 'sessions', 'access-tokens', 'alerts', 'patrols'));
CREATE POLICY retention_read ON lantern.patrol FOR SELECT TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'retention');
CREATE POLICY retention_take ON lantern.patrol FOR DELETE TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'retention'
        AND started_at < (SELECT lantern.retention_before('patrols', now()))
        AND recorded_at < now() - interval '7 days');
