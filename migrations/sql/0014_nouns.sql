-- An erased id counts for its noun alone: clients choose ids, and a visit may bear that of a site.
ALTER TABLE lantern.erasure DROP CONSTRAINT erasure_pkey,
    ADD CONSTRAINT erasure_pkey PRIMARY KEY (organisation_id, noun, id);
CREATE FUNCTION lantern.erased(organisation uuid, erased_noun text, erased_id uuid) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN EXISTS (SELECT FROM lantern.erasure
    WHERE erasure.organisation_id = organisation AND erasure.noun = erased_noun AND erasure.id = erased_id);
GRANT EXECUTE ON FUNCTION lantern.erased(uuid, text, uuid) TO lantern_app;

DO $$
DECLARE held record; reaches text;
BEGIN
    FOR held IN SELECT * FROM (VALUES
        ('site', '{id}'::text[], '''site'''), ('site_status', '{site_id}', '''site'''),
        ('site_move', '{from_site_id,to_site_id}', '''site'''),
        ('change', '{noun_id}', 'noun'), ('receipt', '{noun_id}', 'noun'),
        ('account_secret', '{id}', '''account'''), ('authenticator', '{account_id}', '''account'''),
        ('recovery_code', '{account_id}', '''account'''), ('passkey', '{account_id}', '''account'''),
        ('session', '{account_id}', '''account'''), ('access_token', '{account_id}', '''account'''),
        ('city_identity', '{account_id}', '''account''')
    ) AS held (name, columns, noun) LOOP
        SELECT string_agg(format('lantern.erased(organisation_id, %s, %I)', held.noun, each), ' OR ') INTO reaches
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
ALTER POLICY erase_read ON lantern.visit
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'erasure'
        AND (lantern.erased(organisation_id, 'visit', id) OR lantern.erased(organisation_id, 'site', site_id)));
ALTER POLICY erase ON lantern.visit
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'erasure'
        AND (lantern.erased(organisation_id, 'visit', id) OR lantern.erased(organisation_id, 'site', site_id)));
ALTER POLICY erase ON lantern.account
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'erasure'
        AND lantern.erased(organisation_id, 'account', id));
DROP FUNCTION lantern.erased(uuid, uuid), lantern.account_erased(uuid, uuid);

-- What a row was made from is in its receipt since 0007.
DROP TRIGGER exact_again ON lantern.site;
CREATE TRIGGER exact_again BEFORE UPDATE OF geom, name, access_note_sealed ON lantern.site FOR EACH ROW
    WHEN (OLD.coarsened_at IS NOT NULL AND NEW.coarsened_at IS NOT DISTINCT FROM OLD.coarsened_at
        AND (NEW.geom IS DISTINCT FROM OLD.geom OR num_nonnulls(NEW.name, NEW.access_note_sealed) > 0))
    EXECUTE FUNCTION lantern.site_is_exact_again();
ALTER POLICY retention_coarsen ON lantern.visit
    WITH CHECK (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'retention'
        AND note_sealed IS NULL
        AND geom = (SELECT site.geom FROM lantern.site
            WHERE site.organisation_id = visit.organisation_id AND site.id = visit.site_id));
ALTER TABLE lantern.site DROP CONSTRAINT site_coarsened_check, DROP COLUMN body_hash,
    ADD CONSTRAINT site_coarsened_check CHECK (coarsened_at IS NULL OR (
        name IS NULL AND access_note_sealed IS NULL AND geom = lantern.cell_centre(geom, 250)));
ALTER TABLE lantern.visit DROP COLUMN body_hash;

-- A receipt has no age of its own: retention takes it with its row, or when that is coarsened, and never before.
ALTER POLICY retention_take ON lantern.receipt
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'retention'
        AND CASE noun
            WHEN 'site' THEN EXISTS (SELECT FROM lantern.site WHERE site.organisation_id = receipt.organisation_id
                AND site.id = receipt.noun_id AND site.status = 'closed' AND site.coarsened_at IS NOT NULL)
            WHEN 'visit' THEN NOT EXISTS (SELECT FROM lantern.visit
                LEFT JOIN lantern.site ON site.organisation_id = visit.organisation_id AND site.id = visit.site_id
                WHERE visit.organisation_id = receipt.organisation_id AND visit.id = receipt.noun_id
                    AND (site.status = 'closed' AND site.coarsened_at IS NOT NULL) IS NOT TRUE)
            ELSE false
        END);
