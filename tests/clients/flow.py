"""The whole flow with pyotp as authenticator: sign up, set up, sign in, replay, step up, recover, sign out.

    flow.py URL
"""

import sys

from session import Person

ada = Person(sys.argv[1])
assert ada.call("GET", "/auth/me", token=ada.access_token).json()["amr"] == ["pwd", "otp"]

# A sign-in takes both factors, and a code once.
code = ada.code()
done = ada.post("/auth/login/2fa", {"ticket": ada.ticket(), "code": code})
assert done["status"] == "success" and done["backup_codes_left"] == 10, done
replayed = ada.post("/auth/login/2fa", {"ticket": ada.ticket(), "code": code}, status=401)
assert replayed["code"] == "invalid_code", replayed

# A step-up takes the next one; only the space between digits is skipped.
code = ada.code()
malformed = ada.post("/2fa/verify", {"code": "+" + code}, done["access_token"], status=400)
assert malformed["code"] == "malformed_code", malformed
stepped_up = ada.post("/2fa/verify", {"code": f"{code[:3]} {code[3:]}"}, done["access_token"])
assert stepped_up["status"] == "verified", stepped_up

# A backup code signs in, once.
backup = ada.backup_codes[0]
recovered = ada.post("/auth/login/2fa", {"ticket": ada.ticket(), "backup_code": backup.lower().replace("-", "")})
assert recovered["backup_codes_left"] == 9, recovered
again = ada.post("/auth/login/2fa", {"ticket": ada.ticket(), "backup_code": backup}, status=401)
assert again["code"] == "invalid_code", again

ada.post("/auth/logout", {}, done["access_token"], status=204)
assert ada.call("GET", "/auth/me", token=done["access_token"]).status_code == 401
assert ada.call("GET", "/auth/me", token=recovered["access_token"]).status_code == 200
print("the whole flow with pyotp: as the contract says")
