DROP TRIGGER chosen ON lantern.account_secret;
DROP TRIGGER given ON lantern.account_secret;
ALTER TABLE lantern.session DROP COLUMN given_password;
ALTER TABLE lantern.account_secret DROP COLUMN given;
