DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['visit', 'site', 'site_status', 'change', 'session', 'access_token'] LOOP
        EXECUTE format('DROP POLICY retention_read ON lantern.%I', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['visit', 'change', 'session', 'access_token'] LOOP
        EXECUTE format('DROP POLICY retention_take ON lantern.%I', name);
    END LOOP;
END $$;
DROP POLICY retention_coarsen ON lantern.visit;
DROP POLICY retention_coarsen ON lantern.site;
REVOKE DELETE ON lantern.visit, lantern.change FROM lantern_app;
DROP TRIGGER exact_again ON lantern.site;
DROP INDEX lantern.site_closed_index;
ALTER TABLE lantern.site DROP CONSTRAINT site_coarsened_check, DROP COLUMN coarsened_at;
DROP FUNCTION lantern.site_is_exact_again(), lantern.closed_at(uuid, uuid),
    lantern.cell_centre(public.geometry, integer), lantern.retention_before(text, timestamptz),
    lantern.retention_days(text, timestamptz);
DROP TABLE lantern.retention_rule;
DROP FUNCTION lantern.retention_usual(text), lantern.retention_least(text);
