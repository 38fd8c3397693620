DROP TRIGGER exact_again ON lantern.site;
CREATE TRIGGER exact_again BEFORE UPDATE OF geom, name, access_note_sealed ON lantern.site FOR EACH ROW
    WHEN (OLD.coarsened_at IS NOT NULL AND NEW.coarsened_at IS NOT DISTINCT FROM OLD.coarsened_at
        AND (NEW.geom IS DISTINCT FROM OLD.geom OR num_nonnulls(NEW.name, NEW.access_note_sealed) > 0))
    EXECUTE FUNCTION lantern.site_is_exact_again();
