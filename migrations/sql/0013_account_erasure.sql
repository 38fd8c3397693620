-- An account can be erased: its row stays, so that what was done keeps an id, and tells nothing of the person.
ALTER TABLE lantern.account ALTER COLUMN email DROP NOT NULL,
    DROP CONSTRAINT account_roles_check,
    ADD CONSTRAINT account_roles_check CHECK (
        (cardinality(roles) > 0 OR email IS NULL)
        AND roles <@ '{streetworker,manager,planner,desk,steward}'::text[]),
    ADD CONSTRAINT account_erased_check CHECK (email IS NOT NULL OR (
        name = 'A former colleague' AND roles = '{}' AND team_id IS NULL AND locale = 'en' AND left_on IS NOT NULL));

ALTER TABLE lantern.erasure DROP CONSTRAINT erasure_noun_check, DROP CONSTRAINT erasure_reason_check,
    ADD CONSTRAINT erasure_noun_check CHECK (noun IN ('site', 'visit', 'account')),
    ADD CONSTRAINT erasure_reason_check CHECK (
        reason IN ('asked', 'mistake', 'danger', 'order') OR (reason = 'left' AND noun = 'account'));

-- A steward puts an account on the list whose access has ended, and never their own. The command line, which has no
-- account, erases once more what an older copy of the database brought back, as it stood then.
CREATE POLICY ended_alone ON lantern.erasure AS RESTRICTIVE FOR INSERT TO lantern_app
    WITH CHECK (noun <> 'account' OR lantern.asking_account() IS NULL
        OR (id <> lantern.asking_account() AND EXISTS (
            SELECT FROM lantern.account
            WHERE account.organisation_id = erasure.organisation_id AND account.id = erasure.id
                AND account.left_on <= lantern.asking_on())));

CREATE FUNCTION lantern.account_erased(organisation uuid, account uuid) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN EXISTS (SELECT FROM lantern.erasure
    WHERE erasure.organisation_id = organisation AND erasure.id = account AND erasure.noun = 'account');
GRANT EXECUTE ON FUNCTION lantern.account_erased(uuid, uuid) TO lantern_app;

-- Scope `erasure` empties the account that is on the list, and deletes what was its person's alone.
CREATE POLICY erase_read ON lantern.account FOR SELECT TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'erasure'
        AND 'steward' = ANY ((SELECT lantern.asking_roles())::text[]));
CREATE POLICY erase ON lantern.account FOR UPDATE TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'erasure'
        AND lantern.account_erased(organisation_id, id))
    WITH CHECK (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'erasure'
        AND email IS NULL);

GRANT DELETE ON lantern.account_secret TO lantern_app;
DO $$
DECLARE held record;
BEGIN
    FOR held IN SELECT * FROM (VALUES
        ('account_secret', 'id'), ('authenticator', 'account_id'), ('recovery_code', 'account_id'),
        ('passkey', 'account_id'), ('session', 'account_id'), ('access_token', 'account_id'),
        ('city_identity', 'account_id')
    ) AS held (name, of) LOOP
        EXECUTE format($policy$
            CREATE POLICY erase_read ON lantern.%1$I FOR SELECT TO lantern_app
                USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'erasure'
                    AND lantern.account_erased(organisation_id, %2$I));
            CREATE POLICY erase ON lantern.%1$I FOR DELETE TO lantern_app
                USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'erasure'
                    AND lantern.account_erased(organisation_id, %2$I));
        $policy$, held.name, held.of);
    END LOOP;
END $$;
CREATE POLICY erased_alone ON lantern.account_secret AS RESTRICTIVE FOR DELETE TO lantern_app
    USING ((SELECT lantern.asking_scope()) = 'erasure');

-- The guard of accounts knows no erasure; one of its own holds there, for the command line too.
DROP TRIGGER kept ON lantern.account;
CREATE TRIGGER kept BEFORE INSERT OR UPDATE ON lantern.account FOR EACH ROW
    WHEN (lantern.asking_account() IS NOT NULL AND lantern.asking_scope() <> 'erasure')
    EXECUTE FUNCTION lantern.account_guard();
CREATE TRIGGER made_whole BEFORE INSERT ON lantern.account FOR EACH ROW
    WHEN (NEW.email IS NULL) EXECUTE FUNCTION lantern.refuse('is erased, and never made so');
CREATE TRIGGER erased_alone BEFORE UPDATE ON lantern.account FOR EACH ROW
    WHEN (OLD.email IS NOT NULL AND (NEW.email IS NULL OR lantern.asking_scope() = 'erasure') AND (
        NEW.email IS NULL AND lantern.asking_scope() = 'erasure' AND 'steward' = ANY (lantern.asking_roles())
        AND NEW.organisation_id = OLD.organisation_id AND NEW.id = OLD.id
        AND (lantern.asking_account() IS NULL
            OR (OLD.id <> lantern.asking_account() AND OLD.left_on <= lantern.asking_on()))) IS NOT TRUE)
    EXECUTE FUNCTION lantern.refuse('is emptied by its erasure alone');
CREATE TRIGGER stays_erased BEFORE UPDATE ON lantern.account FOR EACH ROW
    WHEN (OLD.email IS NULL) EXECUTE FUNCTION lantern.refuse('was erased, and stays so');
