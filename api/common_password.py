"""Passwords that anyone would try first: the commonest ones, dressed up a little, and words of the house."""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from api.problem import INVALID_INPUT, Problem
from geo.organisation import Organisation

TOO_COMMON = "is too common, or little more than a name that is known here"
LANTERN = "lantern"
ALSO_COMMON = frozenset({"administrator", "streetworker"})
LEAST_BESIDE_NAMES = 8
SHORTEST_NAME = 4
MOST_EDGE = 3
REPEATED = re.compile(r"(.{3,}?)\1+", re.DOTALL)
DRESSED = str.maketrans("@4310!$57", "aaeioisst")


@cache
def _common() -> frozenset[str]:
    """The 30,000 most used passwords that zxcvbn ships; loaded when somebody first chooses a password."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415

    return frozenset(map(_folded, FREQUENCY_LISTS["passwords"])) | ALSO_COMMON


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def is_common(password: str) -> bool:
    """Whether it is one of the most used passwords or two of them in a row, each as often as you like, with digits and
    signs around them and for letters; or one sign, or a few, over and over, or a row of neighbours such as `abcdef`."""
    whole = _folded(password)
    forms = {whole, whole.translate(DRESSED), *_cores(whole)}
    return _repeats(whole) or _is_row(whole) or any(_is_listed(form) or _is_listed(_once(form)) for form in forms)


def _cores(whole: str) -> set[str]:
    """What is left without the digits and signs around it; those beside it that could stand for a letter may be one."""
    core = re.search(r"[^\W\d_](?:.*[^\W\d_])?", whole, re.DOTALL)
    if core is None:
        return set()
    before, after = whole[max(0, core.start() - MOST_EDGE) : core.start()], whole[core.end() :][:MOST_EDGE]
    befores = {before[at:] for at in range(len(before) + 1) if _are_letters(before[at:])}
    afters = {after[:to] for to in range(len(after) + 1) if _are_letters(after[:to])}
    return {core[0]} | {(sooner + core[0] + later).translate(DRESSED) for sooner in befores for later in afters}


def _are_letters(edge: str) -> bool:
    return all(ord(sign) in DRESSED for sign in edge)


def _once(text: str) -> str:
    """With what comes again and again said once."""
    return REPEATED.sub(r"\1", text)


def _is_listed(text: str) -> bool:
    common = _common()
    return text in common or any(text[:at] in common and text[at:] in common for at in range(1, len(text)))


def _repeats(text: str) -> bool:
    """The same over and over: at most six signs."""
    return any(text == (text[:size] * len(text))[: len(text)] for size in range(1, 7))


def _is_row(text: str) -> bool:
    around = 10 if text.isdecimal() else 0x110000  # after 9 comes 0
    steps = {(ord(later) - ord(sooner)) % around for sooner, later in pairwise(text)}
    return len(steps) == 1


def is_of_names(password: str, names: Iterable[str]) -> bool:
    """Whether less than eight letters and digits are left of it, or a common password, once these names are out."""
    parts = {part for name in names for part in re.findall(r"[^\W\d_]+", _folded(name)) if len(part) >= SHORTEST_NAME}
    whole = "".join(re.findall(r"[^\W_]+", _folded(password)))
    left = whole
    longest_first, before = sorted(parts, key=len, reverse=True), ""
    while left != before:  # what closes around a name that was taken out may be a name again
        before = left
        for part in longest_first:
            left = left.replace(part, "")
    return left != whole and (len(left) < LEAST_BESIDE_NAMES or is_common(left))


def is_too_common(password: str, names: Iterable[str]) -> bool:
    return is_common(password) or is_of_names(password, [LANTERN, *names])


async def check_choice(
    session: AsyncSession, organisation_id: UUID, password: str, *names: str | None, where: str = "body.password"
) -> None:
    """Raises `invalid-input` at `where` for a password that should not be chosen by someone of these names (their own,
    their address) in this organisation."""
    organisation = await session.get_one(Organisation, organisation_id)
    known = [organisation.name, organisation.slug, *(name for name in names if name)]
    if is_too_common(password, known):
        raise Problem(INVALID_INPUT, errors=[{"where": where, "what": TOO_COMMON}])
