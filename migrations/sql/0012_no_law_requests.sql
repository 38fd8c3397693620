ALTER POLICY retention_coarsen ON lantern.visit
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'retention'
        AND EXISTS (SELECT FROM lantern.site WHERE site.organisation_id = visit.organisation_id
            AND site.id = visit.site_id AND site.status = 'closed' AND site.coarsened_at IS NOT NULL));
ALTER POLICY retention_coarsen ON lantern.site
    USING (organisation_id = lantern.asking_organisation() AND (SELECT lantern.asking_scope()) = 'retention'
        AND status = 'closed' AND created_at < now() - interval '7 days'
        AND coalesce(lantern.closed_at(organisation_id, id), updated_at)
            < (SELECT lantern.retention_before('closed-sites', now())));
DROP POLICY held ON lantern.visit;
DROP POLICY held ON lantern.site;
DROP POLICY by_law ON lantern.work_area;
DROP POLICY by_law ON lantern.account;
DROP POLICY by_law ON lantern.visit;
DROP POLICY by_law ON lantern.site;
DROP TABLE lantern.law_file;
DROP FUNCTION lantern.law_shows_visit(uuid, public.geometry, timestamptz),
    lantern.law_shows_site(uuid, public.geometry), lantern.visit_held_by(uuid, public.geometry, timestamptz),
    lantern.site_held_by(uuid, public.geometry), lantern.law_period(date, date, timestamptz),
    lantern.law_names(uuid[], uuid, uuid, public.geometry);
DROP TABLE lantern.law_request;
DROP FUNCTION lantern.law_undecided(timestamptz, timestamptz, timestamptz, timestamptz), lantern.law_request_step(),
    lantern.law_release_is_whole();
