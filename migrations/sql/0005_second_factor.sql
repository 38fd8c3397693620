-- What proves that someone is who they say, apart from what colleagues know of them.
CREATE TABLE lantern.account_secret (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    password_hash text NOT NULL,
    CONSTRAINT account_secret_pkey PRIMARY KEY (organisation_id, id),
    CONSTRAINT account_secret_organisation_id_id_fkey
        FOREIGN KEY (organisation_id, id) REFERENCES lantern.account (organisation_id, id)
);

-- The secret that an authenticator app shares with Lantern, sealed. Not good for anything until a code confirmed it.
CREATE TABLE lantern.authenticator (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    secret bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    confirmed_at timestamptz,
    last_step bigint NOT NULL DEFAULT 0,
    CONSTRAINT authenticator_pkey PRIMARY KEY (organisation_id, id),
    CONSTRAINT authenticator_organisation_id_account_id_fkey
        FOREIGN KEY (organisation_id, account_id) REFERENCES lantern.account (organisation_id, id)
);
CREATE INDEX authenticator_organisation_id_account_id_index ON lantern.authenticator (organisation_id, account_id);

CREATE TABLE lantern.recovery_code (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    code_hash bytea NOT NULL,
    used_at timestamptz,
    CONSTRAINT recovery_code_pkey PRIMARY KEY (organisation_id, id),
    CONSTRAINT recovery_code_organisation_id_account_id_fkey
        FOREIGN KEY (organisation_id, account_id) REFERENCES lantern.account (organisation_id, id)
);
CREATE INDEX recovery_code_organisation_id_account_id_index ON lantern.recovery_code (organisation_id, account_id);

CREATE TABLE lantern.passkey (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    name text NOT NULL,
    host text NOT NULL,
    credential_id bytea NOT NULL,
    public_key bytea NOT NULL,
    sign_count bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    CONSTRAINT passkey_pkey PRIMARY KEY (organisation_id, id),
    CONSTRAINT passkey_organisation_id_credential_id_key UNIQUE (organisation_id, credential_id),
    CONSTRAINT passkey_organisation_id_account_id_fkey
        FOREIGN KEY (organisation_id, account_id) REFERENCES lantern.account (organisation_id, id),
    CONSTRAINT passkey_name_check CHECK (length(name) BETWEEN 1 AND 200),
    CONSTRAINT passkey_credential_id_check CHECK (length(credential_id) BETWEEN 16 AND 1023)
);
CREATE INDEX passkey_credential_id_index ON lantern.passkey (credential_id);
CREATE INDEX passkey_organisation_id_account_id_index ON lantern.passkey (organisation_id, account_id);

-- What happens at the door, before anybody is known: of no organisation, so without one in the key.
CREATE TABLE lantern.passkey_challenge (
    id bytea NOT NULL CONSTRAINT passkey_challenge_pkey PRIMARY KEY,
    ends_at timestamptz NOT NULL
);
CREATE INDEX passkey_challenge_ends_at_index ON lantern.passkey_challenge (ends_at);

CREATE TABLE lantern.sign_in_try (
    id bytea NOT NULL CONSTRAINT sign_in_try_pkey PRIMARY KEY,
    tries integer NOT NULL,
    tried_at timestamptz NOT NULL,
    until timestamptz NOT NULL
);
CREATE INDEX sign_in_try_tried_at_index ON lantern.sign_in_try (tried_at);

ALTER TABLE lantern.session
    ADD COLUMN name text CONSTRAINT session_name_check CHECK (length(name) BETWEEN 1 AND 200),
    ADD COLUMN second_factor boolean NOT NULL DEFAULT false,
    ADD COLUMN awaits_code boolean NOT NULL DEFAULT false;
CREATE INDEX session_organisation_id_account_id_index ON lantern.session (organisation_id, account_id);

-- Passwords move. The policies that hold the owner of the tables too are lifted for that one statement.
ALTER TABLE lantern.account NO FORCE ROW LEVEL SECURITY;
INSERT INTO lantern.account_secret (organisation_id, id, password_hash)
    SELECT organisation_id, id, password_hash FROM lantern.account WHERE password_hash IS NOT NULL;
ALTER TABLE lantern.account FORCE ROW LEVEL SECURITY;
ALTER TABLE lantern.account DROP COLUMN password_hash;

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'account_secret', 'authenticator', 'recovery_code', 'passkey', 'passkey_challenge', 'sign_in_try'
    ] LOOP
        EXECUTE format('ALTER TABLE lantern.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE lantern.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE ON lantern.%I TO lantern_app', name);
    END LOOP;
END $$;
GRANT DELETE ON lantern.authenticator, lantern.recovery_code, lantern.passkey, lantern.passkey_challenge,
    lantern.sign_in_try TO lantern_app;

-- A password's hash is read by its owner, and by whoever signs in with the address. Managers and stewards put a new one
-- in its place; for that the transaction names the one account.
CREATE POLICY own ON lantern.account_secret FOR ALL TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND id = lantern.asking_account());
CREATE POLICY sign_in ON lantern.account_secret FOR SELECT TO lantern_app
    USING (EXISTS (SELECT FROM lantern.account
        WHERE account.organisation_id = account_secret.organisation_id AND account.id = account_secret.id
            AND account.email = lantern.asking_with('sign_in_email')));
CREATE POLICY give ON lantern.account_secret FOR INSERT TO lantern_app
    WITH CHECK (organisation_id = lantern.asking_organisation()
        AND (SELECT lantern.asking_scope()) IN ('organisation', 'people'));
CREATE POLICY replace ON lantern.account_secret FOR ALL TO lantern_app
    USING (organisation_id = lantern.asking_organisation()
        AND id = lantern.asking_with('secret_of')::uuid
        AND (SELECT lantern.asking_scope()) IN ('organisation', 'people'));

-- The second factor and the passkeys: one's own. The command line, which has no account, takes them from the one account
-- that it names.
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['authenticator', 'recovery_code', 'passkey'] LOOP
        EXECUTE format($policy$
            CREATE POLICY own ON lantern.%1$I FOR ALL TO lantern_app
                USING (organisation_id = lantern.asking_organisation() AND account_id = lantern.asking_account());
            CREATE POLICY known ON lantern.%1$I FOR SELECT TO lantern_app
                USING (organisation_id = lantern.asking_organisation()
                    AND account_id = lantern.asking_with('secret_of')::uuid
                    AND lantern.asking_account() IS NULL AND (SELECT lantern.asking_scope()) = 'organisation');
            CREATE POLICY reset ON lantern.%1$I FOR DELETE TO lantern_app
                USING (organisation_id = lantern.asking_organisation()
                    AND account_id = lantern.asking_with('secret_of')::uuid
                    AND lantern.asking_account() IS NULL AND (SELECT lantern.asking_scope()) = 'organisation');
        $policy$, name);
    END LOOP;
END $$;
CREATE POLICY shown ON lantern.passkey FOR SELECT TO lantern_app
    USING (credential_id = decode(lantern.asking_with('passkey'), 'hex'));

-- Challenges and counts: by whoever can name them, and what has passed by anyone who clears up.
CREATE POLICY named ON lantern.passkey_challenge FOR ALL TO lantern_app
    USING (id = decode(lantern.asking_with('challenge'), 'hex') OR ends_at < now())
    WITH CHECK (id = decode(lantern.asking_with('challenge'), 'hex'));
CREATE POLICY named ON lantern.sign_in_try FOR ALL TO lantern_app
    USING (encode(id, 'hex') = ANY (string_to_array(lantern.asking_with('tries'), ','))
        OR tried_at < now() - interval '1 day')
    WITH CHECK (encode(id, 'hex') = ANY (string_to_array(lantern.asking_with('tries'), ',')));
