REVOKE EXECUTE ON FUNCTION lantern.asking_organisation() FROM lantern_planner;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA lantern, release FROM lantern_app;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA lantern, release TO PUBLIC;
ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO PUBLIC;

DO $$
DECLARE function regprocedure;
BEGIN
    FOR function IN
        SELECT oid FROM pg_proc
        WHERE pronamespace IN ('lantern'::regnamespace, 'release'::regnamespace) AND prosqlbody IS NULL
    LOOP
        EXECUTE format('ALTER FUNCTION %s RESET search_path', function);
    END LOOP;
END $$;
