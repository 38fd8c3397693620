-- Column guards: what someone may change in a row that the policies let them reach, and in whose name.
-- They bind whoever has an account; the command line, which has none, is run by who administers the server.
-- Each reads its own row and the settings of the transaction, and no table.
CREATE FUNCTION lantern.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'lantern.%: %', TG_TABLE_NAME, TG_ARGV[0] USING ERRCODE = 'insufficient_privilege';
END $$;

-- Accounts. A manager keeps those that are neither a manager's nor a steward's; a steward ends the access of anyone, and
-- no more; of one's own account, roles and last day are for others. Columns that come later are not free by themselves.
CREATE FUNCTION lantern.account_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    manages CONSTANT boolean := 'manager' = ANY (lantern.asking_roles());
    oversees CONSTANT boolean := 'steward' = ANY (lantern.asking_roles());
    given_on_the_server CONSTANT text[] := '{manager,steward}';
    bookkeeping CONSTANT text[] := '{version,updated_at,updated_by}';
    own CONSTANT text[] := CASE WHEN manages OR oversees THEN '{locale,name,email,team_id}' ELSE '{locale}' END;
    was jsonb;
    is_to_be jsonb := to_jsonb(NEW) - bookkeeping;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF manages AND NOT NEW.roles && given_on_the_server THEN
            RETURN NEW;
        END IF;
    ELSE
        was := to_jsonb(OLD) - bookkeeping;
        IF OLD.id = lantern.asking_account() THEN
            IF was - own = is_to_be - own THEN
                RETURN NEW;
            END IF;
        ELSIF manages AND NOT (OLD.roles || NEW.roles) && given_on_the_server THEN
            RETURN NEW;
        ELSIF oversees AND was - 'left_on' = is_to_be - 'left_on'
            AND NEW.left_on <= coalesce(OLD.left_on, 'infinity') THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'lantern.account: not yours to change' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER kept BEFORE INSERT OR UPDATE ON lantern.account FOR EACH ROW
    WHEN (lantern.asking_account() IS NOT NULL) EXECUTE FUNCTION lantern.account_guard();

-- Managers put a new password in the place of one; not that of a manager or steward, whom they could then pass for.
DROP POLICY give ON lantern.account_secret;
DROP POLICY replace ON lantern.account_secret;
CREATE POLICY give ON lantern.account_secret FOR INSERT TO lantern_app
    WITH CHECK (organisation_id = lantern.asking_organisation()
        AND (SELECT lantern.asking_scope()) = 'organisation'
        AND (lantern.asking_account() IS NULL OR EXISTS (
            SELECT FROM lantern.account
            WHERE account.organisation_id = account_secret.organisation_id AND account.id = account_secret.id
                AND NOT account.roles && '{manager,steward}')));
CREATE POLICY replace ON lantern.account_secret FOR ALL TO lantern_app
    USING (organisation_id = lantern.asking_organisation()
        AND id = lantern.asking_with('secret_of')::uuid
        AND (SELECT lantern.asking_scope()) = 'organisation'
        AND (lantern.asking_account() IS NULL OR EXISTS (
            SELECT FROM lantern.account
            WHERE account.organisation_id = account_secret.organisation_id AND account.id = account_secret.id
                AND NOT account.roles && '{manager,steward}')));

-- Sessions and tokens: managers and stewards end those of others, and open none in their names. What a session stands
-- for is given when it is opened.
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['session', 'access_token'] LOOP
        EXECUTE format($trigger$
            CREATE TRIGGER own BEFORE INSERT OR UPDATE ON lantern.%1$I FOR EACH ROW
                WHEN (NEW.account_id <> lantern.asking_account())
                EXECUTE FUNCTION lantern.refuse('is opened and changed by its owner alone');
            CREATE TRIGGER stays BEFORE UPDATE ON lantern.%1$I FOR EACH ROW
                WHEN ((NEW.organisation_id, NEW.id, NEW.account_id, NEW.token_hash, NEW.created_at)
                    IS DISTINCT FROM (OLD.organisation_id, OLD.id, OLD.account_id, OLD.token_hash, OLD.created_at)
                    OR coalesce(NEW.expires_at, 'infinity') > coalesce(OLD.expires_at, 'infinity'))
                EXECUTE FUNCTION lantern.refuse('stands for whom it stood, and no longer');
        $trigger$, name);
    END LOOP;
END $$;
CREATE TRIGGER shown BEFORE UPDATE OF awaits_code, second_factor ON lantern.session FOR EACH ROW
    WHEN (NEW.awaits_code <> OLD.awaits_code
        OR (NEW.second_factor <> OLD.second_factor AND lantern.asking_account() IS NULL))
    EXECUTE FUNCTION lantern.refuse('a code that is awaited opens another session');

-- What an organisation is called and whether it is a demo, where nobody needs a second factor, is said on the server.
CREATE TRIGGER stays BEFORE UPDATE ON lantern.organisation FOR EACH ROW
    WHEN (lantern.asking_account() IS NOT NULL
        AND (NEW.id, NEW.slug, NEW.is_demo, NEW.created_at)
            IS DISTINCT FROM (OLD.id, OLD.slug, OLD.is_demo, OLD.created_at))
    EXECUTE FUNCTION lantern.refuse('is set on the server');

-- Places: made and changed in one's own name, handed over by a manager, and where they come from never changes. The rule
-- is the condition of the trigger: a row that keeps it, as each of a long import does, calls no function of PL/pgSQL.
CREATE TRIGGER own_name BEFORE INSERT ON lantern.site FOR EACH ROW
    WHEN (lantern.asking_account() IS NOT NULL AND (
        NEW.handed_over_at IS NOT NULL
        OR NEW.updated_by <> lantern.asking_account()
        OR CASE WHEN NEW.logged_by IS NULL THEN lantern.asking_scope() <> 'organisation'
            ELSE NEW.logged_by <> lantern.asking_account() END))
    EXECUTE FUNCTION lantern.refuse('is made in one''s own name');
CREATE TRIGGER own_name BEFORE INSERT ON lantern.visit FOR EACH ROW
    WHEN (lantern.asking_account() IS NOT NULL AND (
        NEW.handed_over_at IS NOT NULL
        OR NEW.updated_by <> lantern.asking_account()
        OR (NEW.source NOT IN ('form', 'api') AND lantern.asking_scope() <> 'organisation')))
    EXECUTE FUNCTION lantern.refuse('is made in one''s own name');
CREATE TRIGGER own_name BEFORE INSERT ON lantern.site_status FOR EACH ROW
    WHEN (NEW.by_account_id <> lantern.asking_account())
    EXECUTE FUNCTION lantern.refuse('is made in one''s own name');
CREATE TRIGGER stays BEFORE UPDATE OF organisation_id, id, logged_by, created_at ON lantern.site FOR EACH ROW
    WHEN (lantern.asking_account() IS NOT NULL
        AND (NEW.organisation_id, NEW.id, NEW.logged_by, NEW.created_at)
            IS DISTINCT FROM (OLD.organisation_id, OLD.id, OLD.logged_by, OLD.created_at))
    EXECUTE FUNCTION lantern.refuse('comes from where it came from');
CREATE TRIGGER stays BEFORE UPDATE OF organisation_id, id, source, recorded_at, created_at ON lantern.visit FOR EACH ROW
    WHEN (lantern.asking_account() IS NOT NULL
        AND (NEW.organisation_id, NEW.id, NEW.source, NEW.recorded_at, NEW.created_at)
            IS DISTINCT FROM (OLD.organisation_id, OLD.id, OLD.source, OLD.recorded_at, OLD.created_at))
    EXECUTE FUNCTION lantern.refuse('comes from where it came from');
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['site', 'visit'] LOOP
        EXECUTE format($trigger$
            CREATE TRIGGER handed_over BEFORE UPDATE OF handed_over_at ON lantern.%1$I FOR EACH ROW
                WHEN (lantern.asking_account() IS NOT NULL
                    AND NEW.handed_over_at IS DISTINCT FROM OLD.handed_over_at
                    AND (NEW.handed_over_at IS NULL OR 'manager' <> ALL (lantern.asking_roles())))
                EXECUTE FUNCTION lantern.refuse('is handed over by a manager, once and for all');
            CREATE TRIGGER own_name_changes BEFORE UPDATE OF updated_by ON lantern.%1$I FOR EACH ROW
                WHEN (lantern.asking_account() IS NOT NULL
                    AND NEW.updated_by IS DISTINCT FROM OLD.updated_by
                    AND NEW.updated_by IS DISTINCT FROM lantern.asking_account())
                EXECUTE FUNCTION lantern.refuse('is changed in one''s own name');
        $trigger$, name);
    END LOOP;
END $$;
