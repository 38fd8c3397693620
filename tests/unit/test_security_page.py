"""The numbers of docs/reference/security.md are those of the code."""

import math
from pathlib import Path

import pytest

from api import (
    access_token,
    address,
    credential,
    database,
    incoming,
    password,
    purpose,
    sign_in,
    sign_in_tries,
    streaming,
    turned_away,
)
from geo import file_form, geometry, reading_lock, reading_process, release_series, second_factor, sign_in_try

MIB = 1024 * 1024
PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "security.md").read_text(encoding="utf-8")
RECOVERY_SIGNS = second_factor.GROUPS * second_factor.GROUP
ADDRESS, CLIENT = sign_in_tries.FOR_AN_ADDRESS, sign_in_tries.FROM_A_CLIENT
SAID = [
    f"{credential.IDLE.seconds // 3600} hours without use, {credential.LASTS.days} days in any case",
    f"at most {access_token.LONGEST.days} days away",
    f"An account has {sign_in.MOST_SESSIONS} sessions at most",
    f"good for {sign_in.WAITS_FOR_CODE.seconds // 60} minutes",
    f"{ADDRESS.free} at will, then waits of 1, 2, 4 … {ADDRESS.longest_s} s",
    f"{CLIENT.free} at will, then waits up to {CLIENT.longest_s} s",
    f"| codes for an account | {sign_in_tries.OF_CODES.free} at will",
    f"{sign_in_tries.MOST_AT_ONCE}, {sign_in_tries.MOST_AT_ONCE_FROM_A_CLIENT} of them from one client",
    f"written within {turned_away.EVERY_S:g} s, and what comes again",
    f"as one number after {turned_away.TOGETHER_S / 60:g} minutes",
    f"At most {turned_away.MOST_ADDRESSES} addresses that are no account's wait",
    f"decodes up to {address.ROUNDS} times, and refuses what would need more",
    f"what has over {address.LONGEST:,} signs",
    f"| a purpose | {purpose.LONGEST_MINUTES} minutes |",
    f"{incoming.BODY_LIMIT // MIB} MiB; {incoming.UPLOAD_LIMIT // MIB} MiB",
    f"| {incoming.PATIENCE_S:g} s and a second for each {incoming.SLOWEST_BYTES_S // 1024} KiB (of a file each "
    f"{incoming.SLOWEST_UPLOAD_BYTES_S} bytes); {streaming.PATIENCE_S:g} s |",
    f"| points of a shape | {geometry.POSITIONS:,} |",
    f"{reading_lock.MEMORY // MIB} MiB of memory, {reading_process.SECONDS} s of the processor and "
    f"{reading_process.SECONDS_PER_MB} s for each MiB",
    f"| downloads at once | {database.MOST_STREAMS} |",
    f"| a query | {database.STATEMENT_TIMEOUT_S} s,",
    f"ε {release_series.CAP:g} for a place in {release_series.WINDOW_MONTHS} months",
    f"for {'a day' if sign_in_try.FORGOTTEN_AFTER.days == 1 else sign_in_try.FORGOTTEN_AFTER}.",
    f"Argon2id, {password._hasher.memory_cost // 1024} MiB, {password._hasher.time_cost} passes",
    f"(codes: {int(RECOVERY_SIGNS * math.log2(len(second_factor.ALPHABET)))})",
    ", ".join(f"`{suffix}`" for suffix in file_form.BY_SUFFIX if suffix),
]


@pytest.mark.parametrize("said", SAID)
def test_the_page_says_what_is_set(said: str) -> None:
    assert said in PAGE
