-- A device is known again by the mark that sign-in leaves in its browser; `device_id` is a hash of it. A passkey belongs to
-- the device that made it, and to the one that used it last.
ALTER TABLE lantern.session ADD COLUMN device_id bytea;
ALTER TABLE lantern.passkey ADD COLUMN made_on bytea, ADD COLUMN used_on bytea;

-- For a lost phone: managers and stewards take the passkeys of the one account that the transaction names. Not those of a
-- manager or steward, for whom a passkey may be the second factor without which nobody passes for them.
CREATE POLICY lost_known ON lantern.passkey FOR SELECT TO lantern_app
    USING (organisation_id = lantern.asking_organisation()
        AND account_id = lantern.asking_with('secret_of')::uuid
        AND lantern.asking_account() IS NOT NULL
        AND (SELECT lantern.asking_scope()) IN ('organisation', 'people')
        AND EXISTS (
            SELECT FROM lantern.account
            WHERE account.organisation_id = passkey.organisation_id AND account.id = passkey.account_id
                AND NOT account.roles && '{manager,steward}'));
CREATE POLICY lost ON lantern.passkey FOR DELETE TO lantern_app
    USING (organisation_id = lantern.asking_organisation()
        AND account_id = lantern.asking_with('secret_of')::uuid
        AND lantern.asking_account() IS NOT NULL
        AND (SELECT lantern.asking_scope()) IN ('organisation', 'people')
        AND EXISTS (
            SELECT FROM lantern.account
            WHERE account.organisation_id = passkey.organisation_id AND account.id = passkey.account_id
                AND NOT account.roles && '{manager,steward}'));
