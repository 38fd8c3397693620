"""All tables, so that `schema.metadata` is whole: for migrations and for tests."""

from geo.account import AccessToken, Account, SignIn
from geo.assignment import Assignment
from geo.basemap import BasemapFeature
from geo.change import Change
from geo.district import District
from geo.log import LogEntry, LogHead
from geo.organisation import Organisation
from geo.organisation_key import OrganisationKey
from geo.release import Release, ReleaseValue
from geo.release_charge import ReleaseCharge
from geo.release_geography import Geography, GeographyCell, GeographyDistrict
from geo.schema import metadata
from geo.site import Site, SiteMove, SiteStatus
from geo.site_type import SiteType
from geo.team import Team
from geo.visit import Visit
from geo.work_area import WorkArea

__all__ = [
    "AccessToken",
    "Account",
    "Assignment",
    "BasemapFeature",
    "Change",
    "District",
    "Geography",
    "GeographyCell",
    "GeographyDistrict",
    "LogEntry",
    "LogHead",
    "Organisation",
    "OrganisationKey",
    "Release",
    "ReleaseCharge",
    "ReleaseValue",
    "SignIn",
    "Site",
    "SiteMove",
    "SiteStatus",
    "SiteType",
    "Team",
    "Visit",
    "WorkArea",
    "metadata",
]
