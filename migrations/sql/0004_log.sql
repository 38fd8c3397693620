-- What a settings list of roles holds, for policies that go by the role and not by the scope.
CREATE FUNCTION lantern.asking_roles() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE
RETURN string_to_array(coalesce(nullif(current_setting('lantern.roles', true), ''), ''), ',');

-- The ids that an entry of the log names.
CREATE FUNCTION lantern.log_ids(entry text) RETURNS uuid[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (SELECT coalesce(array_agg(id::uuid), '{}') FROM jsonb_array_elements_text((entry::jsonb) -> 'ids') AS id);

-- The end of each organisation's chain. Only the trigger below moves it.
CREATE TABLE lantern.log_head (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    seq bigint NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT log_head_pkey PRIMARY KEY (organisation_id, id),
    CONSTRAINT log_head_organisation_id_key UNIQUE (organisation_id),
    CONSTRAINT log_head_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES lantern.organisation (id)
);

-- What was done and seen. The text is what counts and what is hashed; the other columns are read from it.
CREATE TABLE lantern.log_entry (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    seq bigint NOT NULL,
    hash bytea NOT NULL,
    entry text NOT NULL,
    at timestamptz NOT NULL GENERATED ALWAYS AS (to_timestamp((entry::jsonb ->> 'at')::double precision / 1000)) STORED,
    account_id uuid GENERATED ALWAYS AS ((entry::jsonb ->> 'by')::uuid) STORED,
    act text NOT NULL GENERATED ALWAYS AS (entry::jsonb ->> 'act') STORED,
    noun text NOT NULL GENERATED ALWAYS AS (entry::jsonb ->> 'noun') STORED,
    ids uuid[] NOT NULL GENERATED ALWAYS AS (lantern.log_ids(entry)) STORED,
    CONSTRAINT log_entry_pkey PRIMARY KEY (organisation_id, id),
    CONSTRAINT log_entry_organisation_id_seq_key UNIQUE (organisation_id, seq),
    CONSTRAINT log_entry_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES lantern.organisation (id)
);
CREATE INDEX log_entry_organisation_id_account_id_seq_index ON lantern.log_entry (organisation_id, account_id, seq);
CREATE INDEX log_entry_ids_index ON lantern.log_entry USING gin (ids);

-- Each entry takes the next number and is chained to the one before it:
-- sha256(hash of the one before || organisation id, 16 bytes || number, 8 bytes || text in UTF-8).
CREATE FUNCTION lantern.log_link() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE head record;
BEGIN
    INSERT INTO lantern.log_head (organisation_id, id, seq, hash)
    VALUES (NEW.organisation_id, NEW.organisation_id, 0, decode(repeat('00', 32), 'hex')) ON CONFLICT DO NOTHING;
    SELECT seq, hash INTO STRICT head FROM lantern.log_head WHERE organisation_id = NEW.organisation_id FOR UPDATE;
    NEW.seq := head.seq + 1;
    NEW.hash := sha256(head.hash || uuid_send(NEW.organisation_id) || int8send(NEW.seq) || convert_to(NEW.entry, 'UTF8'));
    UPDATE lantern.log_head SET seq = NEW.seq, hash = NEW.hash WHERE organisation_id = NEW.organisation_id;
    RETURN NEW;
END $$;
CREATE TRIGGER link BEFORE INSERT ON lantern.log_entry FOR EACH ROW EXECUTE FUNCTION lantern.log_link();

CREATE FUNCTION lantern.stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%.% never changes', TG_TABLE_SCHEMA, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER stays BEFORE UPDATE OR DELETE OR TRUNCATE ON lantern.log_entry EXECUTE FUNCTION lantern.stays();
CREATE TRIGGER stays BEFORE DELETE OR TRUNCATE ON lantern.log_head EXECUTE FUNCTION lantern.stays();

-- The head moves by an entry and in no other way.
CREATE FUNCTION lantern.log_head_follows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'lantern.log_head moves with the log alone' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER follows BEFORE INSERT OR UPDATE ON lantern.log_head
    FOR EACH ROW EXECUTE FUNCTION lantern.log_head_follows();

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['log_entry', 'log_head'] LOOP
        EXECUTE format('ALTER TABLE lantern.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE lantern.%I FORCE ROW LEVEL SECURITY', name);
    END LOOP;
END $$;
ALTER TABLE lantern.log_entry ENABLE ALWAYS TRIGGER link;
ALTER TABLE lantern.log_entry ENABLE ALWAYS TRIGGER stays;
ALTER TABLE lantern.log_head ENABLE ALWAYS TRIGGER stays;
ALTER TABLE lantern.log_head ENABLE ALWAYS TRIGGER follows;

GRANT SELECT, INSERT ON lantern.log_entry TO lantern_app;
GRANT SELECT, INSERT, UPDATE ON lantern.log_head TO lantern_app;

-- Everyone writes down what they do, in their own name; the steward reads it.
CREATE POLICY add ON lantern.log_entry FOR INSERT TO lantern_app
    WITH CHECK (organisation_id = lantern.asking_organisation()
        AND account_id IS NOT DISTINCT FROM lantern.asking_account());
CREATE POLICY read ON lantern.log_entry FOR SELECT TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND 'steward' = ANY ((SELECT lantern.asking_roles())::text[]));
CREATE POLICY own ON lantern.log_head FOR ALL TO lantern_app
    USING (organisation_id = lantern.asking_organisation());

-- Why someone looks at exact places, and until when that holds.
ALTER TABLE lantern.session ADD COLUMN purpose text, ADD COLUMN purpose_until timestamptz,
    ADD CONSTRAINT session_purpose_check
        CHECK ((purpose IS NULL) = (purpose_until IS NULL) AND length(purpose) BETWEEN 3 AND 200);
