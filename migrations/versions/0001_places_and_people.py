"""Places and people: the tables as they must stay."""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

from migrations.sql import run

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    bind = op.get_bind()
    run(bind, "0001_roles.sql")
    bind.exec_driver_sql("SET LOCAL ROLE lantern_owner")
    run(bind, "0001_functions.sql")
    create_tables()
    run(bind, "0001_area_functions.sql")
    run(bind, "0001_policies.sql")
    bind.exec_driver_sql("RESET ROLE")


def downgrade() -> None:
    """Takes back all but the roles and the extension, which other databases and schemas may use."""
    op.get_bind().exec_driver_sql("DROP SCHEMA lantern CASCADE")


def create_tables() -> None:
    op.create_geospatial_table('organisation',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('slug', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('bounds', Geometry(geometry_type='POLYGON', srid=4326, dimension=2, spatial_index=False, from_text='ST_GeomFromEWKT', name='geometry', nullable=False), nullable=False),
    sa.Column('national_srid', sa.Integer(), nullable=True),
    sa.Column('time_zone', sa.Text(), server_default='Europe/Brussels', nullable=False),
    sa.Column('is_demo', sa.Boolean(), server_default='false', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("slug ~ '^[a-z0-9][a-z0-9-]{1,62}$'", name=op.f('organisation_slug_check')),
    sa.CheckConstraint('length(name) between 1 and 200', name=op.f('organisation_name_check')),
    sa.PrimaryKeyConstraint('id', name=op.f('organisation_pkey')),
    sa.UniqueConstraint('slug', name=op.f('organisation_slug_key')),
    schema='lantern'
    )
    op.create_geospatial_table('basemap_feature',
    sa.Column('organisation_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('layer', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=True),
    sa.Column('geom', Geometry(srid=4326, dimension=2, spatial_index=False, from_text='ST_GeomFromEWKT', name='geometry', nullable=False), nullable=False),
    sa.CheckConstraint("layer in ('water', 'park', 'building', 'rail', 'street', 'place')", name=op.f('basemap_feature_layer_check')),
    sa.ForeignKeyConstraint(['organisation_id'], ['lantern.organisation.id'], name=op.f('basemap_feature_organisation_id_fkey')),
    sa.PrimaryKeyConstraint('organisation_id', 'id', name=op.f('basemap_feature_pkey')),
    schema='lantern'
    )
    op.create_index(op.f('basemap_feature_organisation_id_layer_index'), 'basemap_feature', ['organisation_id', 'layer'], unique=False, schema='lantern')
    op.create_table('change',
    sa.Column('organisation_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('noun', sa.Text(), nullable=False),
    sa.Column('noun_id', sa.Uuid(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('changed_by', sa.Uuid(), nullable=True),
    sa.Column('before', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.ForeignKeyConstraint(['organisation_id'], ['lantern.organisation.id'], name=op.f('change_organisation_id_fkey')),
    sa.PrimaryKeyConstraint('organisation_id', 'id', name=op.f('change_pkey')),
    schema='lantern'
    )
    op.create_index(op.f('change_organisation_id_noun_noun_id_version_index'), 'change', ['organisation_id', 'noun', 'noun_id', 'version'], unique=False, schema='lantern')
    op.create_geospatial_table('district',
    sa.Column('organisation_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('geom', Geometry(geometry_type='MULTIPOLYGON', srid=4326, dimension=2, spatial_index=False, from_text='ST_GeomFromEWKT', name='geometry', nullable=False), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=True),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_by', sa.Uuid(), nullable=True),
    sa.CheckConstraint('length(code) between 1 and 100', name=op.f('district_code_check')),
    sa.CheckConstraint('length(name) between 1 and 200', name=op.f('district_name_check')),
    sa.CheckConstraint('valid_to >= valid_from', name=op.f('district_valid_check')),
    sa.ForeignKeyConstraint(['organisation_id'], ['lantern.organisation.id'], name=op.f('district_organisation_id_fkey')),
    sa.PrimaryKeyConstraint('organisation_id', 'id', name=op.f('district_pkey')),
    sa.UniqueConstraint('organisation_id', 'code', name=op.f('district_organisation_id_code_key')),
    schema='lantern'
    )
    op.create_geospatial_index('district_geom_index', 'district', ['geom'], unique=False, schema='lantern', postgresql_using='gist', postgresql_ops={})
    op.create_table('site_type',
    sa.Column('organisation_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('slug', sa.Text(), nullable=False),
    sa.Column('label', sa.Text(), nullable=False),
    sa.Column('revisit_days', sa.Integer(), nullable=False),
    sa.Column('ethos', sa.Text(), nullable=False),
    sa.Column('ethos_light', sa.Text(), nullable=False),
    sa.Column('hud', sa.Text(), nullable=False),
    sa.Column('polish_count', sa.Text(), nullable=False),
    sa.Column('chain', sa.Text(), nullable=False),
    sa.CheckConstraint("slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'", name=op.f('site_type_slug_check')),
    sa.CheckConstraint('revisit_days between 1 and 366', name=op.f('site_type_revisit_days_check')),
    sa.ForeignKeyConstraint(['organisation_id'], ['lantern.organisation.id'], name=op.f('site_type_organisation_id_fkey')),
    sa.PrimaryKeyConstraint('organisation_id', 'id', name=op.f('site_type_pkey')),
    sa.UniqueConstraint('organisation_id', 'slug', name=op.f('site_type_organisation_id_slug_key')),
    schema='lantern'
    )
    op.create_table('team',
    sa.Column('organisation_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_by', sa.Uuid(), nullable=True),
    sa.CheckConstraint('length(name) between 1 and 200', name=op.f('team_name_check')),
    sa.ForeignKeyConstraint(['organisation_id'], ['lantern.organisation.id'], name=op.f('team_organisation_id_fkey')),
    sa.PrimaryKeyConstraint('organisation_id', 'id', name=op.f('team_pkey')),
    sa.UniqueConstraint('organisation_id', 'name', name=op.f('team_organisation_id_name_key')),
    schema='lantern'
    )
    op.create_table('account',
    sa.Column('organisation_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('email', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('password_hash', sa.Text(), nullable=True),
    sa.Column('roles', postgresql.ARRAY(sa.Text()), nullable=False),
    sa.Column('team_id', sa.Uuid(), nullable=True),
    sa.Column('locale', sa.Text(), server_default='en', nullable=False),
    sa.Column('left_on', sa.Date(), nullable=True),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_by', sa.Uuid(), nullable=True),
    sa.CheckConstraint("cardinality(roles) > 0 and roles <@ '{streetworker,manager,planner,desk,steward}'::text[]", name=op.f('account_roles_check')),
    sa.CheckConstraint('email = lower(email) and length(email) between 3 and 254', name=op.f('account_email_check')),
    sa.CheckConstraint('length(name) between 1 and 200', name=op.f('account_name_check')),
    sa.ForeignKeyConstraint(['organisation_id', 'team_id'], ['lantern.team.organisation_id', 'lantern.team.id'], name=op.f('account_organisation_id_team_id_fkey')),
    sa.ForeignKeyConstraint(['organisation_id'], ['lantern.organisation.id'], name=op.f('account_organisation_id_fkey')),
    sa.PrimaryKeyConstraint('organisation_id', 'id', name=op.f('account_pkey')),
    sa.UniqueConstraint('organisation_id', 'email', name=op.f('account_organisation_id_email_key')),
    schema='lantern'
    )
    op.create_index(op.f('account_email_index'), 'account', ['email'], unique=False, schema='lantern')
    op.create_geospatial_table('work_area',
    sa.Column('organisation_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('team_id', sa.Uuid(), nullable=True),
    sa.Column('geom', Geometry(geometry_type='MULTIPOLYGON', srid=4326, dimension=2, spatial_index=False, from_text='ST_GeomFromEWKT', name='geometry', nullable=False), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.Column('cells_1km', postgresql.ARRAY(sa.BigInteger()), sa.Computed('lantern.cells(geom, 1000)', persisted=True), nullable=False),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_by', sa.Uuid(), nullable=True),
    sa.CheckConstraint('length(name) between 1 and 200', name=op.f('work_area_name_check')),
    sa.CheckConstraint('valid_to >= valid_from', name=op.f('work_area_valid_check')),
    sa.ForeignKeyConstraint(['organisation_id', 'team_id'], ['lantern.team.organisation_id', 'lantern.team.id'], name=op.f('work_area_organisation_id_team_id_fkey')),
    sa.ForeignKeyConstraint(['organisation_id'], ['lantern.organisation.id'], name=op.f('work_area_organisation_id_fkey')),
    sa.PrimaryKeyConstraint('organisation_id', 'id', name=op.f('work_area_pkey')),
    schema='lantern'
    )
    op.create_geospatial_index('work_area_geom_index', 'work_area', ['geom'], unique=False, schema='lantern', postgresql_using='gist', postgresql_ops={})
    op.create_table('access_token',
    sa.Column('organisation_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('token_hash', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('last_used_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('length(name) between 1 and 200', name=op.f('access_token_name_check')),
    sa.ForeignKeyConstraint(['organisation_id', 'account_id'], ['lantern.account.organisation_id', 'lantern.account.id'], name=op.f('access_token_organisation_id_account_id_fkey')),
    sa.ForeignKeyConstraint(['organisation_id'], ['lantern.organisation.id'], name=op.f('access_token_organisation_id_fkey')),
    sa.PrimaryKeyConstraint('organisation_id', 'id', name=op.f('access_token_pkey')),
    schema='lantern'
    )
    op.create_index(op.f('access_token_token_hash_index'), 'access_token', ['token_hash'], unique=False, schema='lantern')
    op.create_table('assignment',
    sa.Column('organisation_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('work_area_id', sa.Uuid(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('starts_on', sa.Date(), nullable=False),
    sa.Column('ends_on', sa.Date(), nullable=True),
    sa.Column('cover', sa.Boolean(), server_default='false', nullable=False),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_by', sa.Uuid(), nullable=True),
    sa.CheckConstraint('ends_on >= starts_on', name=op.f('assignment_dates_check')),
    sa.ForeignKeyConstraint(['organisation_id', 'account_id'], ['lantern.account.organisation_id', 'lantern.account.id'], name=op.f('assignment_organisation_id_account_id_fkey')),
    sa.ForeignKeyConstraint(['organisation_id', 'work_area_id'], ['lantern.work_area.organisation_id', 'lantern.work_area.id'], name=op.f('assignment_organisation_id_work_area_id_fkey')),
    sa.ForeignKeyConstraint(['organisation_id'], ['lantern.organisation.id'], name=op.f('assignment_organisation_id_fkey')),
    sa.PrimaryKeyConstraint('organisation_id', 'id', name=op.f('assignment_pkey')),
    schema='lantern'
    )
    op.create_index(op.f('assignment_organisation_id_account_id_index'), 'assignment', ['organisation_id', 'account_id'], unique=False, schema='lantern')
    op.create_index(op.f('assignment_organisation_id_work_area_id_index'), 'assignment', ['organisation_id', 'work_area_id'], unique=False, schema='lantern')
    op.create_table('session',
    sa.Column('organisation_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('token_hash', sa.LargeBinary(), nullable=False),
    sa.Column('device', sa.Text(), server_default='', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('last_seen_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['organisation_id', 'account_id'], ['lantern.account.organisation_id', 'lantern.account.id'], name=op.f('session_organisation_id_account_id_fkey')),
    sa.ForeignKeyConstraint(['organisation_id'], ['lantern.organisation.id'], name=op.f('session_organisation_id_fkey')),
    sa.PrimaryKeyConstraint('organisation_id', 'id', name=op.f('session_pkey')),
    schema='lantern'
    )
    op.create_index(op.f('session_token_hash_index'), 'session', ['token_hash'], unique=False, schema='lantern')
    op.create_geospatial_table('site',
    sa.Column('organisation_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('site_type', sa.Text(), nullable=False),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=True),
    sa.Column('access_note', sa.Text(), nullable=True),
    sa.Column('uncertainty_m', sa.Double(), server_default='25', nullable=False),
    sa.Column('revisit_days', sa.Integer(), nullable=False),
    sa.Column('first_seen_on', sa.Date(), nullable=True),
    sa.Column('logged_by', sa.Uuid(), nullable=True),
    sa.Column('handed_over_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('body_hash', sa.LargeBinary(), nullable=True),
    sa.Column('geom', Geometry(geometry_type='POINT', srid=4326, dimension=2, spatial_index=False, from_text='ST_GeomFromEWKT', name='geometry', nullable=False), nullable=False),
    sa.Column('cell_100m', sa.BigInteger(), sa.Computed('lantern.cell(geom, 100)', persisted=True), nullable=False),
    sa.Column('cell_250m', sa.BigInteger(), sa.Computed('lantern.cell(geom, 250)', persisted=True), nullable=False),
    sa.Column('cell_1km', sa.BigInteger(), sa.Computed('lantern.cell(geom, 1000)', persisted=True), nullable=False),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_by', sa.Uuid(), nullable=True),
    sa.CheckConstraint("status in ('unverified', 'active', 'inactive', 'closed', 'do-not-list')", name=op.f('site_status_check')),
    sa.CheckConstraint('length(access_note) <= 2000', name=op.f('site_access_note_check')),
    sa.CheckConstraint('length(name) between 1 and 200', name=op.f('site_name_check')),
    sa.CheckConstraint('revisit_days between 1 and 366', name=op.f('site_revisit_days_check')),
    sa.CheckConstraint('uncertainty_m between 0 and 5000', name=op.f('site_uncertainty_m_check')),
    sa.ForeignKeyConstraint(['organisation_id', 'logged_by'], ['lantern.account.organisation_id', 'lantern.account.id'], name=op.f('site_organisation_id_logged_by_fkey')),
    sa.ForeignKeyConstraint(['organisation_id', 'site_type'], ['lantern.site_type.organisation_id', 'lantern.site_type.slug'], name=op.f('site_organisation_id_site_type_fkey')),
    sa.ForeignKeyConstraint(['organisation_id'], ['lantern.organisation.id'], name=op.f('site_organisation_id_fkey')),
    sa.PrimaryKeyConstraint('organisation_id', 'id', name=op.f('site_pkey')),
    schema='lantern'
    )
    op.create_geospatial_index('site_geom_index', 'site', ['geom'], unique=False, schema='lantern', postgresql_using='gist', postgresql_ops={})
    op.create_index(op.f('site_organisation_id_cell_100m_index'), 'site', ['organisation_id', 'cell_100m'], unique=False, schema='lantern')
    op.create_index(op.f('site_organisation_id_cell_1km_index'), 'site', ['organisation_id', 'cell_1km'], unique=False, schema='lantern')
    op.create_index(op.f('site_organisation_id_logged_by_index'), 'site', ['organisation_id', 'logged_by'], unique=False, schema='lantern', postgresql_where='logged_by is not null and handed_over_at is null')
    op.create_table('site_move',
    sa.Column('organisation_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('from_site_id', sa.Uuid(), nullable=False),
    sa.Column('to_site_id', sa.Uuid(), nullable=False),
    sa.Column('noted_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['organisation_id', 'from_site_id'], ['lantern.site.organisation_id', 'lantern.site.id'], name=op.f('site_move_organisation_id_from_site_id_fkey')),
    sa.ForeignKeyConstraint(['organisation_id', 'to_site_id'], ['lantern.site.organisation_id', 'lantern.site.id'], name=op.f('site_move_organisation_id_to_site_id_fkey')),
    sa.ForeignKeyConstraint(['organisation_id'], ['lantern.organisation.id'], name=op.f('site_move_organisation_id_fkey')),
    sa.PrimaryKeyConstraint('organisation_id', 'id', name=op.f('site_move_pkey')),
    schema='lantern'
    )
    op.create_table('site_status',
    sa.Column('organisation_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('site_id', sa.Uuid(), nullable=False),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('by_account_id', sa.Uuid(), nullable=True),
    sa.Column('cause', sa.Text(), nullable=True),
    sa.Column('cleared_by', sa.Text(), nullable=True),
    sa.Column('notice_days', sa.Integer(), nullable=True),
    sa.CheckConstraint("status in ('unverified', 'active', 'inactive', 'closed', 'do-not-list')", name=op.f('site_status_status_check')),
    sa.CheckConstraint('length(cause) <= 200 and length(cleared_by) <= 200', name=op.f('site_status_cause_check')),
    sa.CheckConstraint('notice_days between 0 and 3660', name=op.f('site_status_notice_days_check')),
    sa.ForeignKeyConstraint(['organisation_id', 'site_id'], ['lantern.site.organisation_id', 'lantern.site.id'], name=op.f('site_status_organisation_id_site_id_fkey')),
    sa.ForeignKeyConstraint(['organisation_id'], ['lantern.organisation.id'], name=op.f('site_status_organisation_id_fkey')),
    sa.PrimaryKeyConstraint('organisation_id', 'id', name=op.f('site_status_pkey')),
    schema='lantern'
    )
    op.create_index(op.f('site_status_organisation_id_site_id_since_index'), 'site_status', ['organisation_id', 'site_id', 'since'], unique=False, schema='lantern')
    op.create_geospatial_table('visit',
    sa.Column('organisation_id', sa.Uuid(), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('site_id', sa.Uuid(), nullable=True),
    sa.Column('account_id', sa.Uuid(), nullable=True),
    sa.Column('team_id', sa.Uuid(), nullable=True),
    sa.Column('visited_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('outcome', sa.Text(), nullable=False),
    sa.Column('people_band', sa.Text(), nullable=True),
    sa.Column('note', sa.Text(), nullable=True),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('recorded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('handed_over_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('body_hash', sa.LargeBinary(), nullable=True),
    sa.Column('geom', Geometry(geometry_type='POINT', srid=4326, dimension=2, spatial_index=False, from_text='ST_GeomFromEWKT', name='geometry', nullable=False), nullable=False),
    sa.Column('cell_100m', sa.BigInteger(), sa.Computed('lantern.cell(geom, 100)', persisted=True), nullable=False),
    sa.Column('cell_250m', sa.BigInteger(), sa.Computed('lantern.cell(geom, 250)', persisted=True), nullable=False),
    sa.Column('cell_1km', sa.BigInteger(), sa.Computed('lantern.cell(geom, 1000)', persisted=True), nullable=False),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('updated_by', sa.Uuid(), nullable=True),
    sa.CheckConstraint("outcome <> 'nobody-found' or people_band is null or people_band = '0'", name=op.f('visit_nobody_check')),
    sa.CheckConstraint("outcome in ('met', 'nobody-found', 'signs-of-use', 'not-reached', 'contact-refused')", name=op.f('visit_outcome_check')),
    sa.CheckConstraint("people_band in ('0', '1', '2-5', '6-10', '11-20', 'more')", name=op.f('visit_people_band_check')),
    sa.CheckConstraint("source in ('form', 'import', 'api', 'demo')", name=op.f('visit_source_check')),
    sa.CheckConstraint('length(note) <= 4000', name=op.f('visit_note_check')),
    sa.ForeignKeyConstraint(['organisation_id', 'account_id'], ['lantern.account.organisation_id', 'lantern.account.id'], name=op.f('visit_organisation_id_account_id_fkey')),
    sa.ForeignKeyConstraint(['organisation_id', 'site_id'], ['lantern.site.organisation_id', 'lantern.site.id'], name=op.f('visit_organisation_id_site_id_fkey')),
    sa.ForeignKeyConstraint(['organisation_id', 'team_id'], ['lantern.team.organisation_id', 'lantern.team.id'], name=op.f('visit_organisation_id_team_id_fkey')),
    sa.ForeignKeyConstraint(['organisation_id'], ['lantern.organisation.id'], name=op.f('visit_organisation_id_fkey')),
    sa.PrimaryKeyConstraint('organisation_id', 'id', name=op.f('visit_pkey')),
    schema='lantern'
    )
    op.create_index(op.f('visit_organisation_id_account_id_index'), 'visit', ['organisation_id', 'account_id'], unique=False, schema='lantern')
    op.create_index(op.f('visit_organisation_id_cell_1km_index'), 'visit', ['organisation_id', 'cell_1km'], unique=False, schema='lantern')
    op.create_index(op.f('visit_organisation_id_site_id_visited_at_index'), 'visit', ['organisation_id', 'site_id', 'visited_at'], unique=False, schema='lantern')
    op.create_index(op.f('visit_organisation_id_visited_at_id_index'), 'visit', ['organisation_id', 'visited_at', 'id'], unique=False, schema='lantern')
