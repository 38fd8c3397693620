-- A dump is restored with an empty search path, in which IS DISTINCT FROM does not find the geometries' own operator.
DROP TRIGGER exact_again ON lantern.site;
CREATE TRIGGER exact_again BEFORE UPDATE OF geom, name, access_note_sealed ON lantern.site FOR EACH ROW
    WHEN (OLD.coarsened_at IS NOT NULL AND NEW.coarsened_at IS NOT DISTINCT FROM OLD.coarsened_at
        AND (NOT NEW.geom OPERATOR(public.=) OLD.geom OR num_nonnulls(NEW.name, NEW.access_note_sealed) > 0))
    EXECUTE FUNCTION lantern.site_is_exact_again();
