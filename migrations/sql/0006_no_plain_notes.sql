-- Plain notes are gone, from what rows were before a change too.
ALTER TABLE lantern.site DROP COLUMN access_note;
ALTER TABLE lantern.visit DROP COLUMN note;
ALTER TABLE lantern.change NO FORCE ROW LEVEL SECURITY;
UPDATE lantern.change SET before = before - ARRAY['access_note', 'note']
    WHERE noun IN ('site', 'visit') AND before ?| ARRAY['access_note', 'note'];
ALTER TABLE lantern.change FORCE ROW LEVEL SECURITY;
