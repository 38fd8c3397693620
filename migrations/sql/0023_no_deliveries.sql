DROP TABLE lantern.delivery;
DROP FUNCTION lantern.delivery_step();
DROP TABLE lantern.delivery_key;
DROP TRIGGER stays ON lantern.organisation;
CREATE TRIGGER stays BEFORE UPDATE ON lantern.organisation FOR EACH ROW
    WHEN (lantern.asking_account() IS NOT NULL
        AND (NEW.id, NEW.slug, NEW.is_demo, NEW.created_at)
            IS DISTINCT FROM (OLD.id, OLD.slug, OLD.is_demo, OLD.created_at))
    EXECUTE FUNCTION lantern.refuse('is set on the server');
ALTER TABLE lantern.organisation DROP COLUMN epoch;

ALTER TABLE lantern.retention_rule NO FORCE ROW LEVEL SECURITY;
DELETE FROM lantern.retention_rule WHERE kind = 'deliveries';
ALTER TABLE lantern.retention_rule FORCE ROW LEVEL SECURITY;
ALTER TABLE lantern.retention_rule DROP CONSTRAINT retention_rule_kind_check,
    ADD CONSTRAINT retention_rule_kind_check
        CHECK (kind IN ('visits', 'changes', 'closed-sites', 'sessions', 'access-tokens', 'alerts', 'patrols'));
CREATE OR REPLACE FUNCTION lantern.retention_usual(what text) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN CASE what
    WHEN 'visits' THEN 730 WHEN 'changes' THEN 730 WHEN 'closed-sites' THEN 90
    WHEN 'sessions' THEN 30 WHEN 'access-tokens' THEN 90 WHEN 'alerts' THEN 365 WHEN 'patrols' THEN 365
END;
CREATE OR REPLACE FUNCTION lantern.retention_least(what text) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN CASE what
    WHEN 'visits' THEN 30 WHEN 'changes' THEN 30 WHEN 'closed-sites' THEN 7
    WHEN 'sessions' THEN 1 WHEN 'access-tokens' THEN 1 WHEN 'alerts' THEN 30 WHEN 'patrols' THEN 30
END;
