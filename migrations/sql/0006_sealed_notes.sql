-- Notes are sealed by the app before they come here; so is the hash of what a row was made from, for from the rest of the
-- row a short note could be guessed by it.
ALTER TABLE lantern.site DROP CONSTRAINT site_access_note_check,
    ADD COLUMN access_note_sealed bytea,
    ADD CONSTRAINT site_access_note_sealed_check CHECK (length(access_note_sealed) <= 8192);
ALTER TABLE lantern.visit DROP CONSTRAINT visit_note_check,
    ADD COLUMN note_sealed bytea,
    ADD CONSTRAINT visit_note_sealed_check CHECK (length(note_sealed) <= 16384);
ALTER TABLE lantern.change ADD COLUMN note_sealed bytea;

-- Scope `keys` seals anew what was sealed by a key that is to go: these columns and no others.
GRANT UPDATE (note_sealed) ON lantern.change TO lantern_app;
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['site', 'visit', 'change', 'authenticator'] LOOP
        EXECUTE format($policy$
            CREATE POLICY keys ON lantern.%1$I FOR SELECT TO lantern_app
                USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'keys');
            CREATE POLICY reseal ON lantern.%1$I FOR UPDATE TO lantern_app
                USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'keys');
        $policy$, name);
    END LOOP;
END $$;
