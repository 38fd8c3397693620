"""Imported first by a server: a body may take two seconds, so that a test need not wait half a minute."""

from api import incoming

incoming.PATIENCE_S = 2.0
