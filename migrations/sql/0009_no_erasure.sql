DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['site', 'visit', 'site_status', 'site_move', 'change', 'receipt'] LOOP
        EXECUTE format('DROP POLICY erase_read ON lantern.%1$I; DROP POLICY erase ON lantern.%1$I', name);
        EXECUTE format('DROP POLICY IF EXISTS erased_alone ON lantern.%I', name);
    END LOOP;
END $$;
REVOKE DELETE ON lantern.site, lantern.site_status, lantern.site_move FROM lantern_app;
DROP FUNCTION lantern.erased(uuid, uuid);
DROP TABLE lantern.erasure;
