CREATE TABLE release.geography (
    organisation_id uuid NOT NULL REFERENCES lantern.organisation (id),
    id uuid NOT NULL,
    version integer NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT geography_pkey PRIMARY KEY (organisation_id, id),
    CONSTRAINT geography_organisation_id_version_key UNIQUE (organisation_id, version)
);

CREATE TABLE release.geography_district (
    organisation_id uuid NOT NULL,
    version integer NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    CONSTRAINT geography_district_pkey PRIMARY KEY (organisation_id, version, code),
    FOREIGN KEY (organisation_id, version) REFERENCES release.geography (organisation_id, version)
);

CREATE TABLE release.geography_cell (
    organisation_id uuid NOT NULL,
    version integer NOT NULL,
    cell bigint NOT NULL,
    district_code text NOT NULL,
    CONSTRAINT geography_cell_pkey PRIMARY KEY (organisation_id, version, cell),
    FOREIGN KEY (organisation_id, version, district_code)
        REFERENCES release.geography_district (organisation_id, version, code)
);

CREATE TABLE release.release (
    organisation_id uuid NOT NULL REFERENCES lantern.organisation (id),
    id uuid NOT NULL,
    series text NOT NULL CHECK (series IN ('cells', 'districts')),
    geography_version integer NOT NULL,
    period text NOT NULL CHECK (period ~ '^20[0-9]{2}-(H[12]|Q[1-4])$'),
    first_day date NOT NULL,
    last_day date NOT NULL,
    profile text NOT NULL CHECK (profile IN ('standard', 'careful', 'strict')),
    unit text NOT NULL,
    method text NOT NULL,
    epsilon double precision NOT NULL,
    threshold integer NOT NULL,
    drawn_at timestamptz NOT NULL DEFAULT now(),
    drawn_by uuid,
    sha256 bytea NOT NULL,
    body bytea NOT NULL,
    CONSTRAINT release_pkey PRIMARY KEY (organisation_id, id),
    CONSTRAINT release_organisation_id_series_geography_version_period_key
        UNIQUE (organisation_id, series, geography_version, period),
    CONSTRAINT release_sha256_check CHECK (sha256 = sha256(body)),
    FOREIGN KEY (organisation_id, geography_version) REFERENCES release.geography (organisation_id, version)
);

CREATE TABLE release.release_value (
    organisation_id uuid NOT NULL,
    release_id uuid NOT NULL,
    code text NOT NULL,
    value integer,
    CONSTRAINT release_value_pkey PRIMARY KEY (organisation_id, release_id, code),
    FOREIGN KEY (organisation_id, release_id) REFERENCES release.release (organisation_id, id)
);

-- Which site paid how much for which release. No foreign keys to the site: erasing one leaves what it paid.
CREATE TABLE lantern.release_charge (
    organisation_id uuid NOT NULL REFERENCES lantern.organisation (id),
    id uuid NOT NULL,
    release_id uuid NOT NULL,
    site_id uuid NOT NULL,
    last_day date NOT NULL,
    epsilon double precision NOT NULL CHECK (epsilon > 0),
    CONSTRAINT release_charge_pkey PRIMARY KEY (organisation_id, id),
    CONSTRAINT release_charge_organisation_id_release_id_site_id_key UNIQUE (organisation_id, release_id, site_id),
    FOREIGN KEY (organisation_id, release_id) REFERENCES release.release (organisation_id, id)
);
CREATE INDEX release_charge_organisation_id_site_id_last_day_index
    ON lantern.release_charge (organisation_id, site_id, last_day);

-- What was released stays: for the owner too, and for replayed sessions.
CREATE FUNCTION release.stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%.% never changes', TG_TABLE_SCHEMA, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;

DO $$
DECLARE place text;
BEGIN
    FOREACH place IN ARRAY ARRAY[
        'release.geography', 'release.geography_district', 'release.geography_cell',
        'release.release', 'release.release_value', 'lantern.release_charge'
    ] LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', place);
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', place);
        EXECUTE format('CREATE TRIGGER stays BEFORE UPDATE OR DELETE OR TRUNCATE ON %s EXECUTE FUNCTION release.stays()', place);
        EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER stays', place);
        EXECUTE format('GRANT SELECT, INSERT ON %s TO lantern_app', place);
        EXECUTE format($policy$
            CREATE POLICY draw ON %s FOR INSERT TO lantern_app
                WITH CHECK (organisation_id = lantern.asking_organisation()
                    AND (SELECT lantern.asking_scope()) = 'organisation')
        $policy$, place);
        IF place LIKE 'release.%' THEN
            EXECUTE format('GRANT SELECT ON %s TO lantern_planner', place);
            EXECUTE format($policy$
                CREATE POLICY read ON %s FOR SELECT TO lantern_app, lantern_planner
                    USING (organisation_id = lantern.asking_organisation())
            $policy$, place);
        END IF;
    END LOOP;
END $$;

CREATE POLICY read ON lantern.release_charge FOR SELECT TO lantern_app
    USING (organisation_id = lantern.asking_organisation()
        AND (SELECT lantern.asking_scope()) = 'organisation');

GRANT USAGE ON SCHEMA release TO lantern_app, lantern_planner;
