-- Data keys, wrapped by a master key that the database never sees.
CREATE TABLE lantern.organisation_key (
    organisation_id uuid NOT NULL REFERENCES lantern.organisation (id),
    id uuid NOT NULL,
    number integer NOT NULL,
    wrapped bytea NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    retired_at timestamptz,
    CONSTRAINT organisation_key_pkey PRIMARY KEY (organisation_id, id),
    CONSTRAINT organisation_key_organisation_id_number_key UNIQUE (organisation_id, number),
    CONSTRAINT organisation_key_number_check CHECK (number > 0)
);

ALTER TABLE lantern.organisation_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE lantern.organisation_key FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE (wrapped, retired_at), DELETE ON lantern.organisation_key TO lantern_app;

-- Whoever acts for an organisation uses its keys, and makes the first. Scope `keys` is the command line that keeps the
-- keys of all: it sees which organisations there are, and nothing else of them.
CREATE POLICY read ON lantern.organisation_key FOR SELECT TO lantern_app
    USING (organisation_id = lantern.asking_organisation() OR (SELECT lantern.asking_scope()) = 'keys');
CREATE POLICY make ON lantern.organisation_key FOR INSERT TO lantern_app
    WITH CHECK (organisation_id = lantern.asking_organisation());
CREATE POLICY keep ON lantern.organisation_key FOR UPDATE TO lantern_app
    USING ((SELECT lantern.asking_scope()) = 'keys');
CREATE POLICY destroy ON lantern.organisation_key FOR DELETE TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'keys'
        AND retired_at IS NOT NULL);
CREATE POLICY keys ON lantern.organisation FOR SELECT TO lantern_app
    USING ((SELECT lantern.asking_scope()) = 'keys');
