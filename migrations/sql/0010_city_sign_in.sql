-- Where the people of an organisation sign in with the accounts of their city (OpenID Connect).
CREATE TABLE lantern.city_sign_in (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    issuer text NOT NULL,
    client_id text NOT NULL,
    client_secret bytea NOT NULL,
    email_domain text,
    second_factor_acr text,
    only_way boolean NOT NULL DEFAULT false,
    made_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT city_sign_in_pkey PRIMARY KEY (organisation_id, id),
    CONSTRAINT city_sign_in_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES lantern.organisation (id),
    CONSTRAINT city_sign_in_organisation_id_key UNIQUE (organisation_id),
    CONSTRAINT city_sign_in_name_check CHECK (length(name) BETWEEN 1 AND 200)
);

-- Which account a person of the city is. What the city calls them is kept as a hash, together with who says so.
CREATE TABLE lantern.city_identity (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    subject_hash bytea NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT city_identity_pkey PRIMARY KEY (organisation_id, id),
    CONSTRAINT city_identity_organisation_id_account_id_fkey
        FOREIGN KEY (organisation_id, account_id) REFERENCES lantern.account (organisation_id, id),
    CONSTRAINT city_identity_organisation_id_account_id_key UNIQUE (organisation_id, account_id),
    CONSTRAINT city_identity_organisation_id_subject_hash_key UNIQUE (organisation_id, subject_hash)
);
CREATE INDEX city_identity_subject_hash_index ON lantern.city_identity (subject_hash);

ALTER TABLE lantern.session ADD COLUMN by_city boolean NOT NULL DEFAULT false;

ALTER TABLE lantern.city_sign_in ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE lantern.city_identity ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE, DELETE ON lantern.city_sign_in TO lantern_app;
GRANT SELECT, INSERT, DELETE ON lantern.city_identity TO lantern_app;

-- Everyone at the door may see the ways in. The command line, which has no account, sets them.
CREATE POLICY read ON lantern.city_sign_in FOR SELECT TO lantern_app
    USING (organisation_id = lantern.asking_organisation());
CREATE POLICY door ON lantern.city_sign_in FOR SELECT TO lantern_app
    USING (lantern.asking_with('door') = 'city');
CREATE POLICY keep ON lantern.city_sign_in FOR ALL TO lantern_app
    USING (organisation_id = lantern.asking_organisation()
        AND lantern.asking_account() IS NULL AND (SELECT lantern.asking_scope()) = 'organisation');
CREATE POLICY reseal ON lantern.city_sign_in FOR UPDATE TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'keys');

CREATE POLICY shown ON lantern.city_identity FOR SELECT TO lantern_app
    USING (subject_hash = decode(lantern.asking_with('city_subject'), 'hex'));
CREATE POLICY own ON lantern.city_identity FOR INSERT TO lantern_app
    WITH CHECK (organisation_id = lantern.asking_organisation() AND account_id = lantern.asking_account());
CREATE POLICY keep ON lantern.city_identity FOR ALL TO lantern_app
    USING (organisation_id = lantern.asking_organisation()
        AND lantern.asking_account() IS NULL AND (SELECT lantern.asking_scope()) = 'organisation');
