-- What was erased, by its id and nothing else, so that it does not come back when it is sent or brought in again.
CREATE TABLE lantern.erasure (
    organisation_id uuid NOT NULL,
    id uuid NOT NULL,
    noun text NOT NULL,
    reason text NOT NULL,
    erased_at timestamptz NOT NULL DEFAULT now(),
    erased_by uuid,
    CONSTRAINT erasure_pkey PRIMARY KEY (organisation_id, id),
    CONSTRAINT erasure_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES lantern.organisation (id),
    CONSTRAINT erasure_organisation_id_erased_by_fkey
        FOREIGN KEY (organisation_id, erased_by) REFERENCES lantern.account (organisation_id, id),
    CONSTRAINT erasure_noun_check CHECK (noun IN ('site', 'visit')),
    CONSTRAINT erasure_reason_check CHECK (reason IN ('asked', 'mistake', 'danger', 'order'))
);

ALTER TABLE lantern.erasure ENABLE ROW LEVEL SECURITY;
ALTER TABLE lantern.erasure FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT (organisation_id, id, noun, reason, erased_by) ON lantern.erasure TO lantern_app;
CREATE POLICY read ON lantern.erasure FOR SELECT TO lantern_app
    USING (organisation_id = lantern.asking_organisation());
CREATE POLICY lay_down ON lantern.erasure FOR INSERT TO lantern_app
    WITH CHECK (organisation_id = lantern.asking_organisation()
        AND 'steward' = ANY ((SELECT lantern.asking_roles())::text[])
        AND erased_by IS NOT DISTINCT FROM lantern.asking_account());

CREATE FUNCTION lantern.erased(organisation uuid, erased_id uuid) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN EXISTS (SELECT FROM lantern.erasure WHERE erasure.organisation_id = organisation AND erasure.id = erased_id);

-- Scope `erasure` sees and deletes what a steward has put on that list, and what hangs on it; nobody else deletes these.
GRANT DELETE ON lantern.site, lantern.site_status, lantern.site_move TO lantern_app;
DO $$
DECLARE held record;
BEGIN
    FOR held IN SELECT * FROM (VALUES
        ('site', '{id}'::text[]), ('visit', '{id,site_id}'), ('site_status', '{site_id}'),
        ('site_move', '{from_site_id,to_site_id}'), ('change', '{noun_id}'), ('receipt', '{noun_id}')
    ) AS held (name, columns) LOOP
        EXECUTE format($policy$
            CREATE POLICY erase_read ON lantern.%1$I FOR SELECT TO lantern_app
                USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'erasure'
                    AND (%2$s));
            CREATE POLICY erase ON lantern.%1$I FOR DELETE TO lantern_app
                USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'erasure'
                    AND (%2$s));
        $policy$, held.name, (SELECT string_agg(format('lantern.erased(organisation_id, %I)', each), ' OR ')
            FROM unnest(held.columns) AS each));
        IF held.name LIKE 'site%' THEN
            EXECUTE format($policy$
                CREATE POLICY erased_alone ON lantern.%1$I AS RESTRICTIVE FOR DELETE TO lantern_app
                    USING ((SELECT lantern.asking_scope()) = 'erasure');
            $policy$, held.name);
        END IF;
    END LOOP;
END $$;
