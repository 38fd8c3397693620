"""The page on which someone chooses a password in the place of the one that they were given."""

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from api.asker import Asker
from api.asking import Choosing
from api.me import PasswordChange, change_password
from api.problem import Problem
from web.account import PasswordForm, refused_password, wrong_with
from web.form import read, typed
from web.i18n import N_
from web.page import own_path, render

router = APIRouter(prefix="/account/first-password", include_in_schema=False)
SAME = N_("This is the password that you were given. Choose another.")


@router.get("")
async def first_password_page(request: Request, asker: Choosing, next: str = "/") -> Response:  # noqa: A002 - the name in the address
    return RedirectResponse(own_path(next), 303) if asker.setting_up is None else _page(request, asker, own_path(next))


@router.post("")
async def choose(request: Request, asker: Choosing) -> Response:
    fields = await typed(request)
    wish = own_path(fields.get("next"))
    form, wrong = read(PasswordForm, fields)
    if form:
        wrong = wrong_with(form) or ({"new": SAME} if form.new == form.current else {})
    if form and not wrong:
        try:
            await change_password(PasswordChange(current=form.current, new=form.new, code=form.code), request, asker)
        except Problem as refused:
            wrong = refused_password(refused)
        else:
            return RedirectResponse(wish, 303)
    return _page(request, asker, wish, wrong)


def _page(request: Request, asker: Asker, wish: str, wrong: dict[str, str] | None = None) -> Response:
    return render(request, "first_password.html", asker, 422 if wrong else 200, next=wish, wrong=wrong or {})
