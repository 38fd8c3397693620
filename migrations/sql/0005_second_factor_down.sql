ALTER TABLE lantern.account ADD COLUMN password_hash text;
ALTER TABLE lantern.account NO FORCE ROW LEVEL SECURITY;
ALTER TABLE lantern.account_secret NO FORCE ROW LEVEL SECURITY;
UPDATE lantern.account SET password_hash = secret.password_hash
    FROM lantern.account_secret AS secret
    WHERE secret.organisation_id = account.organisation_id AND secret.id = account.id;
ALTER TABLE lantern.account FORCE ROW LEVEL SECURITY;
DROP INDEX lantern.session_organisation_id_account_id_index;
ALTER TABLE lantern.session DROP COLUMN name, DROP COLUMN second_factor, DROP COLUMN awaits_code;
DROP TABLE lantern.account_secret, lantern.authenticator, lantern.recovery_code, lantern.passkey,
    lantern.passkey_challenge, lantern.sign_in_try;
