"""The whole app: the API, and the pages beside it."""

from fastapi import FastAPI

from api.app import create_app as create_api
from api.settings import Settings


def create_app(settings: Settings) -> FastAPI:
    """The API with its pages."""
    return create_api(settings)
