ALTER TABLE lantern.session DROP COLUMN proven_at;
