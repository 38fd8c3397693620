"""Passwords that anyone would try first are known, however they are dressed; phrases and random signs are not."""

import subprocess
import sys

import pytest

from api.common_password import is_common, is_of_names
from tests.fixtures.command import CHECKOUT


@pytest.mark.parametrize(
    "password",
    [
        "1q2w3e4r5t6y", "password1234", "PASSWORD1234", "ＰＡＳＳＷＯＲＤ1234", "passwordpassword", "iloveyou1234",
        "sunshinemonkey", "!!!welcome2026", "P@ssw0rd2026!", "aaaaaaaaaaaa", "abcabcabcabc", "123456789012",
        "abcdefghijkl", "987654321098", "$unshine2024!", "!$unshine2024!", "$uperman2024!", "@dministrator99",
        "dragonlov3!!2024", "passwordpasswordpassword", "passwordpasswordPASSWORDmonkey1",
    ],
)  # fmt: skip
def test_what_many_use_is_known_however_it_is_dressed(password: str) -> None:
    assert is_common(password)


@pytest.mark.parametrize(
    "password",
    [
        "a long enough password", "correct horse battery staple", "five quiet words at sea", "kQ7vR2mZ9pXw",
        "829104756623", "829104756623a", "$4k1tchenlightsz", "zażółć gęślą jaźń", "fietsenstalling",
    ],
)  # fmt: skip
def test_phrases_and_random_signs_are_not(password: str) -> None:
    assert not is_common(password)


def test_a_name_that_is_known_does_not_count() -> None:
    names = ["lantern", "Doggerstad", "Alice Świt", "alice@doggerstad.example"]
    for password in ("lantern 2026!", "DoggerstadDoggerstad", "alicealicealice", "doggerDoggerstadstad",
                     "Lantern-Doggerstad-1", "swit".upper() + " lantern 12", "lanternpassword",
                     "alice@doggerstad.example"):  # fmt: skip
        assert is_of_names(password, names), password
    for password in ("a lantern on the cold quay", "kQ7vR2mZ9pXw", "ali rides at night"):
        assert not is_of_names(password, names), password


def test_the_list_is_read_when_it_is_needed_and_not_before() -> None:
    told = "import web.app, sys; assert 'zxcvbn' not in sys.modules; from api.common_password import is_common"
    told += "; assert is_common('1q2w3e4r5t6y')"
    subprocess.run([sys.executable, "-c", told], cwd=CHECKOUT, check=True)
