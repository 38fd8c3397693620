"""Files that the pages load. An address with the mark of its content may be kept for ever."""

from starlette import staticfiles
from starlette.responses import Response
from starlette.types import Scope

from web.page import STATIC

FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "public, no-cache"


class StaticFiles(staticfiles.StaticFiles):
    def __init__(self) -> None:
        super().__init__(directory=STATIC)

    async def get_response(self, path: str, scope: Scope) -> Response:
        answer = await super().get_response(path, scope)
        marked = scope["query_string"].startswith(b"v=")
        answer.headers["Cache-Control"] = FOR_EVER if marked else ASK_AGAIN
        return answer
