ALTER TABLE lantern.receipt NO FORCE ROW LEVEL SECURITY;
ALTER TABLE lantern.site NO FORCE ROW LEVEL SECURITY;
ALTER TABLE lantern.visit NO FORCE ROW LEVEL SECURITY;
UPDATE lantern.site SET body_hash = receipt.body_hash FROM lantern.receipt
    WHERE receipt.organisation_id = site.organisation_id AND receipt.noun = 'site' AND receipt.noun_id = site.id;
UPDATE lantern.visit SET body_hash = receipt.body_hash FROM lantern.receipt
    WHERE receipt.organisation_id = visit.organisation_id AND receipt.noun = 'visit' AND receipt.noun_id = visit.id;
ALTER TABLE lantern.site FORCE ROW LEVEL SECURITY;
ALTER TABLE lantern.visit FORCE ROW LEVEL SECURITY;
DROP TABLE lantern.receipt;
