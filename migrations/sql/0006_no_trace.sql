-- Writes the tables anew: what was updated and what was dropped would stay in their files until then.
ALTER TABLE lantern.site ALTER COLUMN access_note_sealed TYPE bytea USING access_note_sealed || ''::bytea;
ALTER TABLE lantern.visit ALTER COLUMN note_sealed TYPE bytea USING note_sealed || ''::bytea;
ALTER TABLE lantern.change ALTER COLUMN note_sealed TYPE bytea USING note_sealed || ''::bytea;
