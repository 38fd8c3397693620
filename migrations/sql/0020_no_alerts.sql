ALTER TABLE lantern.erasure NO FORCE ROW LEVEL SECURITY;
DELETE FROM lantern.erasure WHERE noun = 'alert';
ALTER TABLE lantern.erasure FORCE ROW LEVEL SECURITY;
ALTER TABLE lantern.erasure DROP CONSTRAINT erasure_noun_check,
    ADD CONSTRAINT erasure_noun_check CHECK (noun IN ('site', 'visit', 'account'));

ALTER TABLE lantern.retention_rule NO FORCE ROW LEVEL SECURITY;
DELETE FROM lantern.retention_rule WHERE kind = 'alerts';
ALTER TABLE lantern.retention_rule FORCE ROW LEVEL SECURITY;
ALTER TABLE lantern.retention_rule DROP CONSTRAINT retention_rule_kind_check,
    ADD CONSTRAINT retention_rule_kind_check
        CHECK (kind IN ('visits', 'changes', 'closed-sites', 'sessions', 'access-tokens'));

DROP TABLE lantern.alert_step, lantern.alert;
DROP FUNCTION lantern.alert_step_follows();
CREATE OR REPLACE FUNCTION lantern.retention_usual(what text) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN CASE what
    WHEN 'visits' THEN 730 WHEN 'changes' THEN 730 WHEN 'closed-sites' THEN 90
    WHEN 'sessions' THEN 30 WHEN 'access-tokens' THEN 90
END;
CREATE OR REPLACE FUNCTION lantern.retention_least(what text) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN CASE what
    WHEN 'visits' THEN 30 WHEN 'changes' THEN 30 WHEN 'closed-sites' THEN 7
    WHEN 'sessions' THEN 1 WHEN 'access-tokens' THEN 1
END;
