-- Functions find what they name whatever search path the caller has set, and only the app's roles may call them.
-- SQL functions with a parsed body (RETURN) are bound already.
DO $$
DECLARE function regprocedure;
BEGIN
    FOR function IN
        SELECT oid FROM pg_proc
        WHERE pronamespace IN ('lantern'::regnamespace, 'release'::regnamespace) AND prosqlbody IS NULL
    LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = pg_catalog, pg_temp', function);
    END LOOP;
END $$;

ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA lantern, release FROM PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA lantern, release TO lantern_app;
-- The policies of releases ask for the organisation, in the name of a planner too.
GRANT EXECUTE ON FUNCTION lantern.asking_organisation() TO lantern_planner;
