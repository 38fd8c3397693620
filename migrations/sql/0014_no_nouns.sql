ALTER POLICY retention_take ON lantern.receipt
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'retention');

ALTER TABLE lantern.visit ADD COLUMN body_hash bytea;
ALTER TABLE lantern.site DROP CONSTRAINT site_coarsened_check, ADD COLUMN body_hash bytea,
    ADD CONSTRAINT site_coarsened_check CHECK (coarsened_at IS NULL OR (
        name IS NULL AND access_note_sealed IS NULL AND body_hash IS NULL AND geom = lantern.cell_centre(geom, 250)));
ALTER POLICY retention_coarsen ON lantern.visit
    WITH CHECK (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'retention'
        AND note_sealed IS NULL AND body_hash IS NULL
        AND geom = (SELECT site.geom FROM lantern.site
            WHERE site.organisation_id = visit.organisation_id AND site.id = visit.site_id));
DROP TRIGGER exact_again ON lantern.site;
CREATE TRIGGER exact_again BEFORE UPDATE OF geom, name, access_note_sealed, body_hash ON lantern.site FOR EACH ROW
    WHEN (OLD.coarsened_at IS NOT NULL AND NEW.coarsened_at IS NOT DISTINCT FROM OLD.coarsened_at
        AND (NEW.geom IS DISTINCT FROM OLD.geom
            OR num_nonnulls(NEW.name, NEW.access_note_sealed, NEW.body_hash) > 0))
    EXECUTE FUNCTION lantern.site_is_exact_again();

CREATE FUNCTION lantern.erased(organisation uuid, erased_id uuid) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN EXISTS (SELECT FROM lantern.erasure WHERE erasure.organisation_id = organisation AND erasure.id = erased_id);
CREATE FUNCTION lantern.account_erased(organisation uuid, account uuid) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN EXISTS (SELECT FROM lantern.erasure
    WHERE erasure.organisation_id = organisation AND erasure.id = account AND erasure.noun = 'account');
GRANT EXECUTE ON FUNCTION lantern.erased(uuid, uuid), lantern.account_erased(uuid, uuid) TO lantern_app;
DO $$
DECLARE held record; reaches text;
BEGIN
    FOR held IN SELECT * FROM (VALUES
        ('site', '{id}'::text[], 'erased'), ('visit', '{id,site_id}', 'erased'), ('site_status', '{site_id}', 'erased'),
        ('site_move', '{from_site_id,to_site_id}', 'erased'), ('change', '{noun_id}', 'erased'),
        ('receipt', '{noun_id}', 'erased'), ('account_secret', '{id}', 'account_erased'),
        ('authenticator', '{account_id}', 'account_erased'), ('recovery_code', '{account_id}', 'account_erased'),
        ('passkey', '{account_id}', 'account_erased'), ('session', '{account_id}', 'account_erased'),
        ('access_token', '{account_id}', 'account_erased'), ('city_identity', '{account_id}', 'account_erased')
    ) AS held (name, columns, listed) LOOP
        SELECT string_agg(format('lantern.%I(organisation_id, %I)', held.listed, each), ' OR ') INTO reaches
            FROM unnest(held.columns) AS each;
        EXECUTE format($policy$
            ALTER POLICY erase_read ON lantern.%1$I
                USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'erasure'
                    AND (%2$s));
            ALTER POLICY erase ON lantern.%1$I
                USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'erasure'
                    AND (%2$s));
        $policy$, held.name, reaches);
    END LOOP;
END $$;
ALTER POLICY erase ON lantern.account
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'erasure'
        AND lantern.account_erased(organisation_id, id));
DROP FUNCTION lantern.erased(uuid, text, uuid);

-- An id stood for one thing.
ALTER TABLE lantern.erasure NO FORCE ROW LEVEL SECURITY;
DELETE FROM lantern.erasure USING lantern.erasure AS other
    WHERE other.organisation_id = erasure.organisation_id AND other.id = erasure.id AND other.noun < erasure.noun;
ALTER TABLE lantern.erasure FORCE ROW LEVEL SECURITY;
ALTER TABLE lantern.erasure DROP CONSTRAINT erasure_pkey,
    ADD CONSTRAINT erasure_pkey PRIMARY KEY (organisation_id, id);
