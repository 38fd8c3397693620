DROP TRIGGER reason_kept ON lantern.widening;
DROP TRIGGER step ON lantern.widening;
CREATE TRIGGER step BEFORE UPDATE ON lantern.widening FOR EACH ROW
    WHEN (lantern.asking_organisation() IS NOT NULL) EXECUTE FUNCTION lantern.widening_step();
DROP POLICY erase ON lantern.widening;
REVOKE UPDATE (reason) ON lantern.widening FROM lantern_app;
