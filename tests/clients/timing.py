"""How long the server takes to say no: for an unknown address beside a known one, and for a wrong code beside a used one.

    timing.py URL [PAIRS]

Pairs are asked one after the other on one connection, each pair in the other order than the one before, so that whatever
drifts drifts for both. Prints medians in milliseconds, their difference, and the median of the differences within pairs.
"""

import http.client
import json
import secrets
import statistics
import sys
import time
from urllib.parse import urlsplit

import pyotp

url, pairs = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 2000
connection = http.client.HTTPConnection(urlsplit(url).netloc)
connection.connect()


def post(path, body, token=None):
    """The answer's status, its body, and how long it took."""
    headers = {"content-type": "application/json"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    text = json.dumps(body)
    begun = time.perf_counter()
    connection.request("POST", f"/api/v1{path}", text, headers)
    answer = connection.getresponse()
    said = answer.read()
    return answer.status, json.loads(said) if said else None, time.perf_counter() - begun


def done(path, body, token=None):
    status, said, _ = post(path, body, token)
    assert status in (200, 201), (path, status, said)
    return said


def refused(code, path, body):
    status, said, took = post(path, body)
    assert (status, said["code"]) == (401, code), (path, status, said)
    return took


def report(title, names, first, second):
    a, b = statistics.median(first), statistics.median(second)
    within = statistics.median(x - y for x, y in zip(first, second))
    print(f"{title}: {len(first)} pairs")
    print(f"  {names[0]:16} median {a * 1e3:8.3f} ms")
    print(f"  {names[1]:16} median {b * 1e3:8.3f} ms")
    print(f"  difference       {(a - b) * 1e3:+8.3f} ms, {(a - b) / b * 100:+.2f} %; median within pairs {within * 1e3:+.3f} ms")
    fits = abs(a - b) <= max(0.001, 0.01 * b)
    print(f"  within 1 % or 1 ms: {'yes' if fits else 'NO'}")
    return fits


def interleaved(times, one, other):
    """So many pairs, each in the other order than the one before."""
    taken = ([], [])
    for n in range(times):
        for which in ((0, 1), (1, 0))[n % 2]:
            taken[which].append((one, other)[which](n))
    return taken


PASSWORD = secrets.token_urlsafe(24)


def enrol():
    """An account with a live factor; the code that confirmed it, and one that is right at no moment near."""
    email = f"{secrets.token_hex(8)}@example.com"
    token = done("/auth/register", {"email": email, "password": PASSWORD})["setup_token"]
    authenticator = pyotp.parse_uri(done("/2fa/setup", {}, token)["otpauth_uri"])
    now = int(time.time())
    if now % 30 > 25:
        # The used code has to stay in the window for as long as it is asked about.
        time.sleep(30 - now % 30)
        now = int(time.time())
    used = authenticator.at(now)
    done("/2fa/verify", {"code": used}, token)
    near = {authenticator.at(now + 30 * step) for step in range(-5, 6)}
    return email, used, next(code for code in map("{:06}".format, range(20)) if code not in near)


known, _, _ = enrol()
wrong_password = secrets.token_urlsafe(24)


def login(email):
    return refused("invalid_credentials", "/auth/login", {"email": email, "password": wrong_password})


for _ in range(20):
    login(known), login(f"{secrets.token_hex(8)}@example.com")
fits = report(
    "sign-in with a wrong password",
    ("unknown address", "known address"),
    *interleaved(pairs, lambda n: login(f"{secrets.token_hex(8)}@example.com"), lambda n: login(known)),
)

# Four wrong answers to an account, of the five it has; a ticket takes five of either kind.
EACH = 4
wrong_codes, used_codes = [], []
while len(wrong_codes) < pairs:
    email, used, wrong = enrol()
    for half in range(2):
        ticket = done("/auth/login", {"email": email, "password": PASSWORD})["ticket"]

        def answer(code):
            return refused("invalid_code", "/auth/login/2fa", {"ticket": ticket, "code": code})

        first, second = interleaved(EACH // 2, lambda n: answer(wrong), lambda n: answer(used))
        wrong_codes += first
        used_codes += second
fits &= report("second step", ("wrong code", "used code"), wrong_codes[:pairs], used_codes[:pairs])
sys.exit(not fits)
