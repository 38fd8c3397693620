-- What phones send: sealed to a key of the organisation, and kept once, with a record of what became of it.

-- Which copy of the database this is. After a restore from an older backup it is another, and phones offer again what the
-- lost copy had taken.
ALTER TABLE lantern.organisation ADD COLUMN epoch uuid NOT NULL DEFAULT gen_random_uuid();
DROP TRIGGER stays ON lantern.organisation;
CREATE TRIGGER stays BEFORE UPDATE ON lantern.organisation FOR EACH ROW
    WHEN (lantern.asking_account() IS NOT NULL
        AND (NEW.id, NEW.slug, NEW.is_demo, NEW.created_at, NEW.epoch)
            IS DISTINCT FROM (OLD.id, OLD.slug, OLD.is_demo, OLD.created_at, OLD.epoch))
    EXECUTE FUNCTION lantern.refuse('is set on the server');

-- The keys that phones seal to. The private half is sealed by the organisation's data key; one at a time is in use, and
-- one that was in use opens for 90 days what phones still hold.
CREATE TABLE lantern.delivery_key (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    public_key bytea NOT NULL,
    private_sealed bytea NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    retired_at timestamptz,
    CONSTRAINT delivery_key_pkey PRIMARY KEY (organisation_id, id),
    CONSTRAINT delivery_key_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES lantern.organisation (id),
    CONSTRAINT delivery_key_public_key_check CHECK (length(public_key) = 65),
    CONSTRAINT delivery_key_private_sealed_check CHECK (length(private_sealed) <= 512)
);
CREATE UNIQUE INDEX delivery_key_in_use_index ON lantern.delivery_key (organisation_id) WHERE retired_at IS NULL;

CREATE TABLE lantern.delivery (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    kind text,
    noun_id uuid,
    site_id uuid,
    device_id uuid,
    sequence bigint,
    said_at timestamptz,
    mended_at timestamptz,
    received_at timestamptz NOT NULL DEFAULT now(),
    state text NOT NULL,
    why text,
    body_hash bytea NOT NULL,
    body_sealed bytea,
    settled_by uuid,
    settled_at timestamptz,
    CONSTRAINT delivery_pkey PRIMARY KEY (organisation_id, id),
    CONSTRAINT delivery_organisation_id_account_id_fkey
        FOREIGN KEY (organisation_id, account_id) REFERENCES lantern.account (organisation_id, id),
    CONSTRAINT delivery_organisation_id_settled_by_fkey
        FOREIGN KEY (organisation_id, settled_by) REFERENCES lantern.account (organisation_id, id),
    CONSTRAINT delivery_kind_check CHECK (kind ~ '^[a-z][a-z-]{0,30}$'),
    CONSTRAINT delivery_sequence_check CHECK (sequence >= 0),
    CONSTRAINT delivery_state_check CHECK (state IN ('kept', 'refused', 'with-manager', 'placed', 'dropped')),
    CONSTRAINT delivery_why_check CHECK ((why IS NOT NULL) = (state IN ('refused', 'dropped'))),
    CONSTRAINT delivery_body_hash_check CHECK (length(body_hash) <= 512),
    CONSTRAINT delivery_body_sealed_check
        CHECK ((body_sealed IS NOT NULL) = (state IN ('refused', 'with-manager')) AND length(body_sealed) <= 131072),
    CONSTRAINT delivery_settled_check CHECK (num_nulls(settled_by, settled_at) IN (0, 2))
);
CREATE INDEX delivery_organisation_id_kind_noun_id_index ON lantern.delivery (organisation_id, kind, noun_id);
CREATE INDEX delivery_organisation_id_site_id_index ON lantern.delivery (organisation_id, site_id)
    WHERE site_id IS NOT NULL;
CREATE INDEX delivery_organisation_id_received_at_index ON lantern.delivery (organisation_id, received_at);

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['delivery_key', 'delivery'] LOOP
        EXECUTE format('ALTER TABLE lantern.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE lantern.%I FORCE ROW LEVEL SECURITY', name);
    END LOOP;
END $$;
GRANT SELECT, INSERT (organisation_id, id, public_key, private_sealed), UPDATE (private_sealed, retired_at), DELETE
    ON lantern.delivery_key TO lantern_app;
GRANT SELECT,
    INSERT (organisation_id, id, account_id, kind, noun_id, site_id, device_id, sequence, said_at, mended_at, state, why,
        body_hash, body_sealed),
    UPDATE (state, why, body_hash, body_sealed, settled_by), DELETE
    ON lantern.delivery TO lantern_app;

CREATE POLICY read ON lantern.delivery_key FOR SELECT TO lantern_app
    USING (organisation_id = lantern.asking_organisation()
        AND (SELECT lantern.asking_scope()) IN ('organisation', 'areas', 'keys', 'retention'));
CREATE POLICY make ON lantern.delivery_key FOR INSERT TO lantern_app
    WITH CHECK (organisation_id = lantern.asking_organisation()
        AND (SELECT lantern.asking_scope()) IN ('organisation', 'areas', 'keys'));
CREATE POLICY keep ON lantern.delivery_key FOR UPDATE TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'keys');
CREATE POLICY retention_take ON lantern.delivery_key FOR DELETE TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'retention'
        AND retired_at < now() - interval '90 days');

-- A delivery is its sender's; what waits for a manager, and what a manager settled, is seen by managers too.
CREATE POLICY own ON lantern.delivery FOR SELECT TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND account_id = lantern.asking_account());
CREATE POLICY send ON lantern.delivery FOR INSERT TO lantern_app
    WITH CHECK (organisation_id = lantern.asking_organisation() AND account_id = lantern.asking_account()
        AND (SELECT lantern.asking_scope()) IN ('organisation', 'areas'));
CREATE POLICY review ON lantern.delivery FOR SELECT TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'organisation'
        AND state IN ('with-manager', 'placed', 'dropped'));
CREATE POLICY settle ON lantern.delivery FOR UPDATE TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'organisation'
        AND state = 'with-manager')
    WITH CHECK (organisation_id = lantern.asking_organisation()
        AND (SELECT lantern.asking_scope()) = 'organisation' AND state IN ('placed', 'dropped'));
CREATE POLICY keys ON lantern.delivery FOR SELECT TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) IN ('keys', 'retention'));
CREATE POLICY reseal ON lantern.delivery FOR UPDATE TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'keys');
CREATE POLICY erase_read ON lantern.delivery FOR SELECT TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'erasure'
        AND (lantern.erased(organisation_id, kind, noun_id) OR lantern.erased(organisation_id, 'site', site_id)
            OR (lantern.erased(organisation_id, 'account', account_id) AND state <> 'with-manager')));
CREATE POLICY erase ON lantern.delivery FOR DELETE TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'erasure'
        AND (lantern.erased(organisation_id, kind, noun_id) OR lantern.erased(organisation_id, 'site', site_id)
            OR (lantern.erased(organisation_id, 'account', account_id) AND state <> 'with-manager')));

-- Settled once, by a manager in their own name, and then nothing is kept of what was in it; sealed anew with all else.
CREATE FUNCTION lantern.delivery_step() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF lantern.asking_scope() = 'keys' THEN
        IF (NEW.state, NEW.why, NEW.settled_by) IS NOT DISTINCT FROM (OLD.state, OLD.why, OLD.settled_by) THEN
            RETURN NEW;
        END IF;
    ELSIF OLD.state = 'with-manager' AND NEW.state IN ('placed', 'dropped') AND NEW.body_sealed IS NULL
        AND NEW.body_hash = OLD.body_hash AND NEW.settled_by = lantern.asking_account() THEN
        NEW.settled_at := statement_timestamp();
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a delivery is settled once, by a manager' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER step BEFORE UPDATE ON lantern.delivery FOR EACH ROW
    WHEN (lantern.asking_organisation() IS NOT NULL) EXECUTE FUNCTION lantern.delivery_step();

-- How long: records by a rule of their own; what was refused 30 days at most; what waits, as long as visits are kept.
CREATE OR REPLACE FUNCTION lantern.retention_usual(what text) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN CASE what
    WHEN 'visits' THEN 730 WHEN 'changes' THEN 730 WHEN 'closed-sites' THEN 90
    WHEN 'sessions' THEN 30 WHEN 'access-tokens' THEN 90 WHEN 'alerts' THEN 365 WHEN 'patrols' THEN 365
    WHEN 'deliveries' THEN 90
END;
CREATE OR REPLACE FUNCTION lantern.retention_least(what text) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN CASE what
    WHEN 'visits' THEN 30 WHEN 'changes' THEN 30 WHEN 'closed-sites' THEN 7
    WHEN 'sessions' THEN 1 WHEN 'access-tokens' THEN 1 WHEN 'alerts' THEN 30 WHEN 'patrols' THEN 30
    WHEN 'deliveries' THEN 30
END;
ALTER TABLE lantern.retention_rule DROP CONSTRAINT retention_rule_kind_check,
    ADD CONSTRAINT retention_rule_kind_check
        CHECK (kind IN ('visits', 'changes', 'closed-sites', 'sessions', 'access-tokens', 'alerts', 'patrols', 'deliveries'));
CREATE POLICY retention_take ON lantern.delivery FOR DELETE TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'retention'
        AND received_at < CASE state
            WHEN 'refused' THEN
                (SELECT greatest(lantern.retention_before('deliveries', now()), now() - interval '30 days'))
            WHEN 'with-manager' THEN (SELECT lantern.retention_before('visits', now()))
            ELSE (SELECT lantern.retention_before('deliveries', now()))
        END);
