-- Row-level security, the second line behind the API. Forced: the owner of the tables is under it too.
DO $$
DECLARE name text;
BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'lantern' AND tablename <> 'alembic_version' LOOP
        EXECUTE format('ALTER TABLE lantern.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE lantern.%I FORCE ROW LEVEL SECURITY', name);
    END LOOP;
END $$;

GRANT USAGE ON SCHEMA lantern TO lantern_app;
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA lantern TO lantern_app;
GRANT DELETE ON lantern.session, lantern.access_token, lantern.basemap_feature TO lantern_app;
REVOKE UPDATE ON lantern.change, lantern.site_status, lantern.site_move FROM lantern_app;

-- The organisation itself. Its slug is how the command line and sign-in find it; a demo is known to all.
CREATE POLICY read ON lantern.organisation FOR SELECT TO lantern_app
    USING (id = lantern.asking_organisation() OR slug = lantern.asking_with('organisation_slug') OR is_demo);
CREATE POLICY found ON lantern.organisation FOR INSERT TO lantern_app
    WITH CHECK (slug = lantern.asking_with('organisation_slug'));
CREATE POLICY change ON lantern.organisation FOR UPDATE TO lantern_app
    USING (id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'organisation');

-- What everyone of the organisation may read and its managers keep.
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['district', 'site_type', 'basemap_feature'] LOOP
        EXECUTE format($policy$
            CREATE POLICY read ON lantern.%1$I FOR SELECT TO lantern_app
                USING (organisation_id = lantern.asking_organisation());
            CREATE POLICY keep ON lantern.%1$I FOR ALL TO lantern_app
                USING (organisation_id = lantern.asking_organisation()
                    AND (SELECT lantern.asking_scope()) = 'organisation');
        $policy$, name);
    END LOOP;
END $$;

-- Teams: everyone knows them, managers and stewards keep them.
CREATE POLICY read ON lantern.team FOR SELECT TO lantern_app
    USING (organisation_id = lantern.asking_organisation());
CREATE POLICY keep ON lantern.team FOR ALL TO lantern_app
    USING (organisation_id = lantern.asking_organisation()
        AND (SELECT lantern.asking_scope()) IN ('organisation', 'people'));

-- Accounts: colleagues know each other's names; managers and stewards keep them; each keeps their own.
CREATE POLICY read ON lantern.account FOR SELECT TO lantern_app
    USING (organisation_id = lantern.asking_organisation()
        AND (id = lantern.asking_account() OR (SELECT lantern.asking_scope()) IN ('organisation', 'areas', 'people')));
CREATE POLICY sign_in ON lantern.account FOR SELECT TO lantern_app
    USING (email = lantern.asking_with('sign_in_email'));
CREATE POLICY keep ON lantern.account FOR ALL TO lantern_app
    USING (organisation_id = lantern.asking_organisation()
        AND (SELECT lantern.asking_scope()) IN ('organisation', 'people'));
CREATE POLICY own ON lantern.account FOR UPDATE TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND id = lantern.asking_account());

-- Sessions and tokens: one's own, and the one whose secret is shown.
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['session', 'access_token'] LOOP
        EXECUTE format($policy$
            CREATE POLICY own ON lantern.%1$I FOR ALL TO lantern_app
                USING (organisation_id = lantern.asking_organisation()
                    AND (account_id = lantern.asking_account()
                        OR (SELECT lantern.asking_scope()) IN ('organisation', 'people')));
            CREATE POLICY shown ON lantern.%1$I FOR SELECT TO lantern_app
                USING (token_hash = decode(lantern.asking_with('credential'), 'hex'));
            CREATE POLICY noted ON lantern.%1$I FOR UPDATE TO lantern_app
                USING (token_hash = decode(lantern.asking_with('credential'), 'hex'));
            CREATE POLICY ended ON lantern.%1$I FOR DELETE TO lantern_app
                USING (token_hash = decode(lantern.asking_with('credential'), 'hex'));
        $policy$, name);
    END LOOP;
END $$;

-- Assignments and work areas: a streetworker sees those of today, a manager all.
CREATE POLICY read ON lantern.assignment FOR SELECT TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND account_id = lantern.asking_account());
CREATE POLICY keep ON lantern.assignment FOR ALL TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'organisation');
CREATE POLICY read ON lantern.work_area FOR SELECT TO lantern_app
    USING (organisation_id = lantern.asking_organisation()
        AND (SELECT lantern.asking_scope()) = 'areas'
        AND lantern.asking_on() BETWEEN valid_from AND coalesce(valid_to, 'infinity')
        AND EXISTS (
            SELECT FROM lantern.assignment AS mine
            WHERE mine.organisation_id = work_area.organisation_id
                AND mine.work_area_id = work_area.id
                AND mine.account_id = lantern.asking_account()
                AND lantern.asking_on() BETWEEN mine.starts_on AND coalesce(mine.ends_on, 'infinity')
        ));
CREATE POLICY keep ON lantern.work_area FOR ALL TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'organisation');

-- Sites: a manager's whole organisation; a streetworker's areas of today, and what they logged themselves and have
-- not handed over. The integer cells come first: they keep their index under the policy, the exact test does not.
CREATE POLICY reach ON lantern.site FOR ALL TO lantern_app
    USING (
        organisation_id = lantern.asking_organisation()
        AND CASE (SELECT lantern.asking_scope())
            WHEN 'organisation' THEN true
            WHEN 'areas' THEN
                (cell_1km = ANY ((SELECT lantern.my_cells_1km())::bigint[])
                    AND public.ST_Covers((SELECT lantern.my_ground()), geom))
                OR (logged_by = (SELECT lantern.asking_account()) AND handed_over_at IS NULL)
            ELSE false
        END
    );

-- Visits: those of the sites one reaches, one's own, and searches without a site inside one's areas.
-- A new visit names only a site that its maker reaches, so a foreign key tells nothing about other sites.
CREATE POLICY read ON lantern.visit FOR SELECT TO lantern_app
    USING (
        organisation_id = lantern.asking_organisation()
        AND CASE (SELECT lantern.asking_scope())
            WHEN 'organisation' THEN true
            WHEN 'areas' THEN
                (account_id = (SELECT lantern.asking_account()) AND handed_over_at IS NULL)
                OR (site_id IS NOT NULL AND EXISTS (
                    SELECT FROM lantern.site
                    WHERE site.organisation_id = visit.organisation_id AND site.id = visit.site_id))
                OR (site_id IS NULL AND cell_1km = ANY ((SELECT lantern.my_cells_1km())::bigint[])
                    AND public.ST_Covers((SELECT lantern.my_ground()), geom))
            ELSE false
        END
    );
CREATE POLICY log ON lantern.visit FOR INSERT TO lantern_app
    WITH CHECK (
        organisation_id = lantern.asking_organisation()
        AND CASE (SELECT lantern.asking_scope())
            WHEN 'organisation' THEN true
            WHEN 'areas' THEN account_id = lantern.asking_account() AND (site_id IS NULL OR EXISTS (
                SELECT FROM lantern.site
                WHERE site.organisation_id = visit.organisation_id AND site.id = visit.site_id))
            ELSE false
        END
    );
CREATE POLICY mend ON lantern.visit FOR UPDATE TO lantern_app
    USING (
        organisation_id = lantern.asking_organisation()
        AND CASE (SELECT lantern.asking_scope())
            WHEN 'organisation' THEN true
            WHEN 'areas' THEN account_id = lantern.asking_account() AND handed_over_at IS NULL
            ELSE false
        END
    )
    WITH CHECK (
        organisation_id = lantern.asking_organisation()
        AND CASE (SELECT lantern.asking_scope())
            WHEN 'organisation' THEN true
            WHEN 'areas' THEN account_id = lantern.asking_account() AND (site_id IS NULL OR EXISTS (
                SELECT FROM lantern.site
                WHERE site.organisation_id = visit.organisation_id AND site.id = visit.site_id))
            ELSE false
        END
    );

-- The history of a site goes with the site; a move is seen by who reaches both ends.
CREATE POLICY reach ON lantern.site_status FOR ALL TO lantern_app
    USING (
        organisation_id = lantern.asking_organisation()
        AND CASE (SELECT lantern.asking_scope())
            WHEN 'organisation' THEN true
            WHEN 'areas' THEN EXISTS (
                SELECT FROM lantern.site
                WHERE site.organisation_id = site_status.organisation_id AND site.id = site_status.site_id)
            ELSE false
        END
    );
CREATE POLICY reach ON lantern.site_move FOR ALL TO lantern_app
    USING (organisation_id = lantern.asking_organisation()
        AND EXISTS (SELECT FROM lantern.site
            WHERE site.organisation_id = site_move.organisation_id AND site.id = site_move.from_site_id)
        AND EXISTS (SELECT FROM lantern.site
            WHERE site.organisation_id = site_move.organisation_id AND site.id = site_move.to_site_id));

-- What changed: everyone of the organisation adds to it, managers read it, nobody alters it.
CREATE POLICY add ON lantern.change FOR INSERT TO lantern_app
    WITH CHECK (organisation_id = lantern.asking_organisation()
        AND changed_by IS NOT DISTINCT FROM lantern.asking_account());
CREATE POLICY read ON lantern.change FOR SELECT TO lantern_app
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'organisation');
