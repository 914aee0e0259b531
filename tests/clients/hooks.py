"""What schemathesis is told about the server beyond its description (SCHEMATHESIS_HOOKS)."""

import os
import re
import secrets
import threading

import schemathesis
from session import Person

CHOOSES_A_PASSWORD = ("POST /api/v1/auth/register", "POST /api/v1/auth/password")


@schemathesis.hook
def before_call(context, case, kwargs):
    """Makes of a body that the schema allows one that the server can take. A schema cannot say

    - that a new password is on no list of common ones and is not the address: one of the right length is made hard to
      guess;
    - how many digits the caller's own authenticator has, six or eight: codes of eight lose two.

    Lengths and types stay as they were made, so what was meant to be refused for those still is.
    """
    body = case.body
    if not isinstance(body, dict):
        return
    if case.operation.label in CHOOSES_A_PASSWORD:
        for field in ("password", "new"):
            text = body.get(field)
            if isinstance(text, str) and 8 <= len(text) <= 1024:
                body[field] = (secrets.token_urlsafe(9) + text)[: max(12, len(text))]
    if isinstance(body.get("code"), str) and re.fullmatch("[0-9]{8}", body["code"]):
        body["code"] = body["code"][:6]


if os.environ.get("SIGNED_IN"):
    LOCK = threading.Lock()
    PEOPLE = {}

    @schemathesis.auth(refresh_interval=None)
    class FullSession:
        """A full session. A call may end it, or change the second factor: then the next one gets another."""

        def get(self, case, context):
            url = os.environ["SERVER"]
            with LOCK:
                person = PEOPLE.get(url)
                if not person or person.call("GET", "/auth/me", token=person.access_token).status_code != 200:
                    person = PEOPLE[url] = Person(url)
                return person.access_token

        def set(self, case, data, context):
            case.headers = case.headers or {}
            case.headers["Authorization"] = f"Bearer {data}"
