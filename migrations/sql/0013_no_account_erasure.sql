DROP TRIGGER stays_erased ON lantern.account;
DROP TRIGGER erased_alone ON lantern.account;
DROP TRIGGER made_whole ON lantern.account;
DROP TRIGGER kept ON lantern.account;
CREATE TRIGGER kept BEFORE INSERT OR UPDATE ON lantern.account FOR EACH ROW
    WHEN (lantern.asking_account() IS NOT NULL) EXECUTE FUNCTION lantern.account_guard();
DROP POLICY erased_alone ON lantern.account_secret;
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'account', 'account_secret', 'authenticator', 'recovery_code', 'passkey', 'session', 'access_token',
        'city_identity'
    ] LOOP
        EXECUTE format('DROP POLICY erase_read ON lantern.%1$I; DROP POLICY erase ON lantern.%1$I', name);
    END LOOP;
END $$;
REVOKE DELETE ON lantern.account_secret FROM lantern_app;
DROP FUNCTION lantern.account_erased(uuid, uuid);
DROP POLICY ended_alone ON lantern.erasure;

-- What was erased stays so: an address that leads nowhere, the least of roles, and no access.
ALTER TABLE lantern.account NO FORCE ROW LEVEL SECURITY;
ALTER TABLE lantern.erasure NO FORCE ROW LEVEL SECURITY;
ALTER TABLE lantern.account DROP CONSTRAINT account_erased_check, DROP CONSTRAINT account_roles_check;
UPDATE lantern.account SET email = id || '@erased.invalid', roles = '{desk}' WHERE email IS NULL;
DELETE FROM lantern.erasure WHERE noun = 'account';
ALTER TABLE lantern.account FORCE ROW LEVEL SECURITY;
ALTER TABLE lantern.erasure FORCE ROW LEVEL SECURITY;
ALTER TABLE lantern.account ALTER COLUMN email SET NOT NULL,
    ADD CONSTRAINT account_roles_check CHECK (
        cardinality(roles) > 0 AND roles <@ '{streetworker,manager,planner,desk,steward}'::text[]);
ALTER TABLE lantern.erasure DROP CONSTRAINT erasure_noun_check, DROP CONSTRAINT erasure_reason_check,
    ADD CONSTRAINT erasure_noun_check CHECK (noun IN ('site', 'visit')),
    ADD CONSTRAINT erasure_reason_check CHECK (reason IN ('asked', 'mistake', 'danger', 'order'));
