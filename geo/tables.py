"""All tables, so that `schema.metadata` is whole: for migrations and for tests."""

from geo.account import AccessToken, Account, SignIn
from geo.account_secret import AccountSecret
from geo.alert import Alert, AlertStep
from geo.area_name import AreaName
from geo.assignment import Assignment
from geo.basemap import BasemapFeature
from geo.change import Change
from geo.city_sign_in import CityIdentity, CitySignIn
from geo.delivery_key import DeliveryKey
from geo.district import District
from geo.erasure import Erasure
from geo.law_file import LawFile
from geo.law_request import LawRequest
from geo.log import LogEntry, LogHead
from geo.organisation import Organisation
from geo.organisation_key import OrganisationKey
from geo.passkey import Passkey, PasskeyChallenge
from geo.patrol import Patrol
from geo.phone_delivery import PhoneDelivery
from geo.receipt import Receipt
from geo.release import Release, ReleaseValue
from geo.release_charge import ReleaseCharge
from geo.release_geography import Geography, GeographyCell, GeographyDistrict
from geo.retention import RetentionRule
from geo.schema import metadata
from geo.second_factor import Authenticator, RecoveryCode
from geo.sign_in_try import SignInTry
from geo.site import Site, SiteMove, SiteStatus
from geo.site_type import SiteType
from geo.team import Team
from geo.visit import Visit
from geo.widening import Widening
from geo.work_area import WorkArea

__all__ = [
    "AccessToken",
    "Account",
    "AccountSecret",
    "Alert",
    "AlertStep",
    "AreaName",
    "Assignment",
    "Authenticator",
    "BasemapFeature",
    "Change",
    "CityIdentity",
    "CitySignIn",
    "DeliveryKey",
    "District",
    "Erasure",
    "Geography",
    "GeographyCell",
    "GeographyDistrict",
    "LawFile",
    "LawRequest",
    "LogEntry",
    "LogHead",
    "Organisation",
    "OrganisationKey",
    "Passkey",
    "PasskeyChallenge",
    "Patrol",
    "PhoneDelivery",
    "Receipt",
    "RecoveryCode",
    "Release",
    "ReleaseCharge",
    "ReleaseValue",
    "RetentionRule",
    "SignIn",
    "SignInTry",
    "Site",
    "SiteMove",
    "SiteStatus",
    "SiteType",
    "Team",
    "Visit",
    "Widening",
    "WorkArea",
    "metadata",
]
