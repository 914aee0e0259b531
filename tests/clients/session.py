"""Somebody with an account, who signs up and sets the second factor up with pyotp as authenticator."""

import secrets
import time

import pyotp
import requests


class Person:
    """An account with a live second factor and a session."""

    def __init__(self, url, email=None, mandatory=True):
        self.url = url
        self.http = requests.Session()
        # What signs somebody in is said with each call.
        self.http.cookies.set_policy(NoCookies())
        self.email = email or f"{secrets.token_hex(8)}@example.com"
        self.password = secrets.token_urlsafe(24)
        registered = self.post("/auth/register", {"email": self.email, "password": self.password}, status=201)
        token = registered["setup_token" if mandatory else "access_token"]
        setup = self.post("/2fa/setup", {} if mandatory else {"password": self.password}, token)
        self.authenticator = pyotp.parse_uri(setup["otpauth_uri"])
        assert self.authenticator.secret == setup["secret"], setup
        self.last_step = 0
        enabled = self.post("/2fa/verify", {"code": self.code()}, token)
        assert enabled["status"] == "enabled", enabled
        self.backup_codes = enabled["backup_codes"]
        self.access_token = enabled["access_token"]

    def code(self):
        """A code that was not given before, waiting for the server to take it where that has to be."""
        step = max(int(time.time()) // 30, self.last_step + 1)
        self.last_step = step
        time.sleep(max(0, (step - 1) * 30 - time.time()))
        return self.authenticator.at(step * 30)

    def call(self, method, path, body=None, token=None):
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return self.http.request(method, f"{self.url}/api/v1{path}", json=body, headers=headers, timeout=30)

    def post(self, path, body, token=None, status=200):
        answer = self.call("POST", path, body, token)
        assert answer.status_code == status, (path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    def ticket(self):
        login = self.post("/auth/login", {"email": self.email, "password": self.password})
        assert login["status"] == "2fa_required", login
        return login["ticket"]


class NoCookies(requests.cookies.cookielib.DefaultCookiePolicy):
    def set_ok(self, cookie, request):
        return False
