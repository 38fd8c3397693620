DROP POLICY lost ON lantern.passkey;
DROP POLICY lost_known ON lantern.passkey;
ALTER TABLE lantern.passkey DROP COLUMN made_on, DROP COLUMN used_on;
ALTER TABLE lantern.session DROP COLUMN device_id;
