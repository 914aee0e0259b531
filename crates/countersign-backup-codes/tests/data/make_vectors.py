"""Makes argon2id.json, pbkdf2.json, code_sets.json, passwords.json and imports.json.

    pip install argon2-cffi==25.1.0 bcrypt==5.0.0
    python3 make_vectors.py

Argon2id is the C reference through argon2-cffi, bcrypt that of pyca/bcrypt, PBKDF2 and HMAC are Python's own. Salts and
codes are fixed, so that running it again changes nothing.
"""

import base64
import hashlib
import hmac
import json

import argon2.low_level
import bcrypt


def fixed(label, length):
    return hashlib.sha512(label.encode()).digest()[:length]


def argon2id(secret, salt, memory, passes, lanes, length=32):
    return argon2.low_level.hash_secret_raw(secret, salt, passes, memory, lanes, length, argon2.low_level.Type.ID)


def pbkdf2(secret, salt, iterations, length=32):
    return hashlib.pbkdf2_hmac("sha256", secret, salt, iterations, length)


def b64(data):
    return base64.b64encode(data).decode().rstrip("=")


def write(name, value):
    with open(name, "w") as file:
        json.dump(value, file, indent=1)
        file.write("\n")


write(
    "argon2id.json",
    [
        {
            "kdf": f"$argon2id$v=19$m={memory},t={passes},p={lanes}",
            "secret": secret.hex(),
            "salt": salt.hex(),
            "derived": argon2id(secret, salt, memory, passes, lanes).hex(),
        }
        for memory, passes, lanes, secret, salt in [
            (19456, 2, 1, b"password", fixed("salt 0", 16)),
            (19456, 2, 1, b"", fixed("salt 1", 16)),
            (47104, 1, 1, b"7ZQK2M9D00FW3XTA", fixed("salt 2", 16)),
            (12288, 3, 2, bytes(range(256)), fixed("salt 3", 64)),
            (65536, 3, 4, "pâßwörd".encode(), fixed("salt 4", 32)),
            (19457, 2, 3, b"not a multiple of four", fixed("salt 5", 8)),
            (64, 1, 1, b"weaker than new hashes may be", fixed("salt 6", 8)),
        ]
    ],
)

write(
    "pbkdf2.json",
    [
        {
            "kdf": f"$pbkdf2-sha256$i={iterations}",
            "secret": secret.hex(),
            "salt": salt.hex(),
            "derived": pbkdf2(secret, salt, iterations).hex(),
        }
        for iterations, secret, salt in [
            (1, b"password", fixed("salt 0", 8)),
            (1000, b"", fixed("salt 1", 16)),
            (600000, b"7ZQK2M9D00FW3XTA", fixed("salt 2", 16)),
            (1000, bytes(range(256)), fixed("salt 3", 64)),
        ]
    ],
)

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def code_set(label, slow_hash, kdf, characters, pepper):
    set_id = fixed(f"{label} id", 16)
    codes, slots = [], []
    for at in range(8):
        code = "".join(ALPHABET[byte % 32] for byte in fixed(f"{label} code {at}", characters))
        digest = slow_hash(code.encode(), set_id)
        if pepper is not None:
            digest = hmac.new(pepper, digest, "sha256").digest()
        codes.append(code)
        # The last code is burnt.
        slots.append(b64(digest) if at < 7 else None)
    stored = {"format": 1, "id": set_id.hex(), "kdf": kdf, "characters": characters}
    if pepper is not None:
        stored["pepper"] = "90c1ab4422d0e6f7"
    stored["slots"] = slots
    return {"codes": codes, "pepper": pepper.hex() if pepper else None, "set": stored}


write(
    "code_sets.json",
    [
        code_set("plain", lambda c, s: argon2id(c, s, 19456, 2, 1), "$argon2id$v=19$m=19456,t=2,p=1", 16, None),
        code_set("long", lambda c, s: argon2id(c, s, 1024, 1, 2), "$argon2id$v=19$m=1024,t=1,p=2", 24, None),
        code_set("peppered", lambda c, s: pbkdf2(c, s, 1000), "$pbkdf2-sha256$i=1000", 13, fixed("pepper", 32)),
    ],
)

write(
    "passwords.json",
    [
        {"password": "correct horse", "phc": phc, "rehash": rehash}
        for phc, rehash in [
            (
                argon2.low_level.hash_secret(
                    b"correct horse", fixed("phc 0", 16), 2, 19456, 1, 32, argon2.low_level.Type.ID
                ).decode(),
                False,
            ),
            (
                argon2.low_level.hash_secret(
                    b"correct horse", fixed("phc 1", 16), 3, 65536, 4, 32, argon2.low_level.Type.ID
                ).decode(),
                True,
            ),
            (
                argon2.low_level.hash_secret(
                    b"correct horse", fixed("phc 2", 8), 2, 19456, 1, 16, argon2.low_level.Type.ID
                ).decode(),
                True,
            ),
            (
                "$pbkdf2-sha256$i=1000,l=32$"
                + b64(fixed("phc 3", 16))
                + "$"
                + b64(pbkdf2(b"correct horse", fixed("phc 3", 16), 1000)),
                True,
            ),
        ]
    ],
)


def django(code, at):
    salt = fixed(f"django {at}", 16).hex()
    return f"pbkdf2_sha256$1000${salt}${base64.b64encode(pbkdf2(code.encode(), salt.encode(), 1000)).decode()}"


ALPHABET_BCRYPT = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def bcrypted(code, at, version):
    # 22 characters hold 132 bits, of which the last four are zero.
    salt = "".join(ALPHABET_BCRYPT[byte % 64] for byte in fixed(f"bcrypt {at}", 21)) + "."
    return bcrypt.hashpw(code.encode(), f"${version}$04${salt}".encode()).decode()


codes = [f"{fixed(f'import {at}', 4).hex()}-{fixed(f'more {at}', 4).hex()}" for at in range(8)]
write(
    "imports.json",
    {
        "codes": codes,
        "pbkdf2_as_typed": [django(code, at) for at, code in enumerate(codes)],
        "pbkdf2_upper_compact": [django(code.upper().replace("-", ""), at) for at, code in enumerate(codes)],
        "bcrypt_as_typed": [bcrypted(code, at, "2b" if at % 2 else "2a") for at, code in enumerate(codes)],
    },
)
