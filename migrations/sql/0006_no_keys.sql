DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['site', 'visit', 'change', 'authenticator'] LOOP
        EXECUTE format('DROP POLICY keys ON lantern.%1$I; DROP POLICY reseal ON lantern.%1$I', name);
    END LOOP;
END $$;
REVOKE UPDATE (note_sealed) ON lantern.change FROM lantern_app;
ALTER TABLE lantern.site DROP COLUMN access_note_sealed;
ALTER TABLE lantern.visit DROP COLUMN note_sealed;
ALTER TABLE lantern.change DROP COLUMN note_sealed;
DROP POLICY keys ON lantern.organisation;
DROP TABLE lantern.organisation_key;
