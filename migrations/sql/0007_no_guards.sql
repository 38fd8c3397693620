DROP TRIGGER kept ON lantern.account;
DROP FUNCTION lantern.account_guard();
DROP FUNCTION lantern.refuse() CASCADE;
DROP POLICY give ON lantern.account_secret;
DROP POLICY replace ON lantern.account_secret;
CREATE POLICY give ON lantern.account_secret FOR INSERT TO lantern_app
    WITH CHECK (organisation_id = lantern.asking_organisation()
        AND (SELECT lantern.asking_scope()) IN ('organisation', 'people'));
CREATE POLICY replace ON lantern.account_secret FOR ALL TO lantern_app
    USING (organisation_id = lantern.asking_organisation()
        AND id = lantern.asking_with('secret_of')::uuid
        AND (SELECT lantern.asking_scope()) IN ('organisation', 'people'));
