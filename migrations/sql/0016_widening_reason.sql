-- The reason of a widening is what someone typed: when its writer is erased, a fixed phrase stands in its place. Who saw
-- which area, when, and who let them, stays.
GRANT UPDATE (reason) ON lantern.widening TO lantern_app;
CREATE POLICY erase ON lantern.widening FOR UPDATE TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'erasure'
        AND lantern.erased(organisation_id, 'account', account_id));

DROP TRIGGER step ON lantern.widening;
CREATE TRIGGER step BEFORE UPDATE ON lantern.widening FOR EACH ROW
    WHEN (lantern.asking_organisation() IS NOT NULL AND lantern.asking_scope() IS DISTINCT FROM 'erasure')
    EXECUTE FUNCTION lantern.widening_step();
CREATE TRIGGER reason_kept BEFORE UPDATE ON lantern.widening FOR EACH ROW
    WHEN (lantern.asking_organisation() IS NOT NULL
        AND (NEW.reason <> OLD.reason OR lantern.asking_scope() = 'erasure')
        AND (lantern.asking_scope() = 'erasure' AND NEW.reason = 'The reason was erased.'
            AND lantern.erased(OLD.organisation_id, 'account', OLD.account_id)
            AND to_jsonb(NEW) - 'reason' = to_jsonb(OLD) - 'reason') IS NOT TRUE)
    EXECUTE FUNCTION lantern.refuse('keeps its reason until its writer is erased');

-- Those who were erased before this. The owner of the tables is under their policies too, but for this moment.
ALTER TABLE lantern.widening NO FORCE ROW LEVEL SECURITY;
ALTER TABLE lantern.account NO FORCE ROW LEVEL SECURITY;
UPDATE lantern.widening SET reason = 'The reason was erased.' FROM lantern.account
WHERE account.organisation_id = widening.organisation_id AND account.id = widening.account_id AND account.email IS NULL;
ALTER TABLE lantern.account FORCE ROW LEVEL SECURITY;
ALTER TABLE lantern.widening FORCE ROW LEVEL SECURITY;
