-- Roles are of the server, not of the database: another database may have made them already.
DO $$
DECLARE
    name text;
    -- From PostgreSQL 16 on, who makes a role is a member of it without being able to take it.
    taking text := CASE WHEN current_setting('server_version_num')::integer >= 160000 THEN 'SET' ELSE 'MEMBER' END;
BEGIN
    FOREACH name IN ARRAY ARRAY['lantern_owner', 'lantern_app', 'lantern_planner'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS', name);
        END IF;
        IF NOT pg_has_role(name, taking) THEN
            EXECUTE format('GRANT %I TO CURRENT_USER', name);
        END IF;
    END LOOP;
END $$;

CREATE EXTENSION IF NOT EXISTS postgis;
GRANT SELECT ON public.lantern_version TO lantern_app;
CREATE SCHEMA lantern AUTHORIZATION lantern_owner;
