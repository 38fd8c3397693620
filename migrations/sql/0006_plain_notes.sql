ALTER TABLE lantern.site ADD COLUMN access_note text,
    ADD CONSTRAINT site_access_note_check CHECK (length(access_note) <= 2000);
ALTER TABLE lantern.visit ADD COLUMN note text,
    ADD CONSTRAINT visit_note_check CHECK (length(note) <= 4000);
