"""Who makes and changes which accounts: the rule of the guards in the database, said in words before they refuse."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from api.asker import Asker
from api.problem import CONFLICT, FORBIDDEN, Problem
from geo.account import Account, Role

GIVEN_ON_THE_SERVER = {Role.MANAGER, Role.STEWARD}
"""Two people have to agree before some things happen. Whoever could make a manager would agree with themselves."""

OWN = {"name", "email", "team_id", "locale"}


def may_end(asker: Asker, account: Account) -> bool:
    """Whether they may take this account's access away: managers that of whom they keep, stewards anyone's; not their
    own, so that somebody is always left."""
    return account.id != asker.account_id and (Role.STEWARD in asker.roles or _keeps(asker, account.roles))


def check_new(asker: Asker, roles: list[Role]) -> None:
    """Raises `forbidden`."""
    if not _keeps(asker, roles):
        raise Problem(FORBIDDEN, "Managers and stewards get their accounts on the server: lantern account create.")


def check_change(asker: Asker, account: Account, values: Mapping[str, Any]) -> None:
    """Raises `forbidden` unless they may set these columns (`password` among them) of this account; `conflict` for one
    that was erased."""
    if account.erased:
        raise Problem(CONFLICT, "This account was erased.")
    if account.id == asker.account_id:
        if values.keys() - OWN:
            raise Problem(FORBIDDEN, "Your own roles, last day and password are not changed here.")
    elif _keeps(asker, [*account.roles, *values.get("roles", [])]):
        return
    elif not (may_end(asker, account) and values.keys() == {"left_on"} and _ends(account, values["left_on"])):
        raise Problem(FORBIDDEN, _why(asker, account))


def _keeps(asker: Asker, roles: list[Any]) -> bool:
    return Role.MANAGER in asker.roles and GIVEN_ON_THE_SERVER.isdisjoint(roles)


def _ends(account: Account, left_on: date | None) -> bool:
    return left_on is not None and left_on <= (account.left_on or date.max)


def _why(asker: Asker, account: Account) -> str:
    if Role.MANAGER in asker.roles:
        return "The accounts of managers and stewards are changed on the server: lantern account."
    return "A steward ends access, and signs devices out. Managers change the rest."
