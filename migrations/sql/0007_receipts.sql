-- What a phone delivered, kept for it: a delivery that comes again is known though its maker reaches the row no longer.
CREATE TABLE lantern.receipt (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    noun text NOT NULL,
    noun_id uuid NOT NULL,
    account_id uuid NOT NULL,
    body_hash bytea NOT NULL,
    version integer NOT NULL DEFAULT 1,
    received_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT receipt_pkey PRIMARY KEY (organisation_id, id),
    CONSTRAINT receipt_organisation_id_account_id_noun_noun_id_key UNIQUE (organisation_id, account_id, noun, noun_id),
    CONSTRAINT receipt_organisation_id_account_id_fkey
        FOREIGN KEY (organisation_id, account_id) REFERENCES lantern.account (organisation_id, id),
    CONSTRAINT receipt_noun_check CHECK (noun IN ('site', 'visit')),
    CONSTRAINT receipt_body_hash_check CHECK (length(body_hash) <= 512)
);
CREATE INDEX receipt_organisation_id_noun_noun_id_index ON lantern.receipt (organisation_id, noun, noun_id);

-- What was delivered before. Who made a visit is who it says is its last changer, before the first change.
ALTER TABLE lantern.site NO FORCE ROW LEVEL SECURITY;
ALTER TABLE lantern.visit NO FORCE ROW LEVEL SECURITY;
ALTER TABLE lantern.change NO FORCE ROW LEVEL SECURITY;
INSERT INTO lantern.receipt (organisation_id, id, noun, noun_id, account_id, body_hash, received_at)
    SELECT organisation_id, gen_random_uuid(), 'site', id, logged_by, body_hash, created_at
    FROM lantern.site WHERE body_hash IS NOT NULL AND logged_by IS NOT NULL
    UNION ALL
    SELECT visit.organisation_id, gen_random_uuid(), 'visit', visit.id,
        CASE WHEN visit.version = 1 THEN visit.updated_by ELSE (first.before ->> 'updated_by')::uuid END,
        visit.body_hash, visit.recorded_at
    FROM lantern.visit
    LEFT JOIN lantern.change AS first ON first.organisation_id = visit.organisation_id
        AND first.noun = 'visit' AND first.noun_id = visit.id AND first.version = 1
    WHERE visit.body_hash IS NOT NULL
        AND CASE WHEN visit.version = 1 THEN visit.updated_by ELSE (first.before ->> 'updated_by')::uuid END IS NOT NULL;
ALTER TABLE lantern.site FORCE ROW LEVEL SECURITY;
ALTER TABLE lantern.visit FORCE ROW LEVEL SECURITY;
ALTER TABLE lantern.change FORCE ROW LEVEL SECURITY;

ALTER TABLE lantern.receipt ENABLE ROW LEVEL SECURITY;
ALTER TABLE lantern.receipt FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE (body_hash), DELETE ON lantern.receipt TO lantern_app;

-- Its maker's alone; sealed anew with all that is sealed; taken with what it is the receipt of.
CREATE POLICY own ON lantern.receipt FOR SELECT TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND account_id = lantern.asking_account());
CREATE POLICY give ON lantern.receipt FOR INSERT TO lantern_app
    WITH CHECK (organisation_id = lantern.asking_organisation() AND account_id = lantern.asking_account());
CREATE POLICY keys ON lantern.receipt FOR SELECT TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) IN ('keys', 'retention'));
CREATE POLICY reseal ON lantern.receipt FOR UPDATE TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'keys');
CREATE POLICY retention_take ON lantern.receipt FOR DELETE TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'retention');
