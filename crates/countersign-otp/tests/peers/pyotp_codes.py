"""Reads `base32 algorithm digits step` lines and writes the code of each."""

import hashlib
import sys

import pyotp

HASHES = {"SHA1": hashlib.sha1, "SHA256": hashlib.sha256, "SHA512": hashlib.sha512}

for line in sys.stdin:
    secret, algorithm, digits, step = line.split()
    otp = pyotp.OTP(secret, digits=int(digits), digest=HASHES[algorithm])
    print(otp.generate_otp(int(step)))
