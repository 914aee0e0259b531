"""Makes envelopes.json: sealed values, key ids, lookup hashes and subkeys, from the description of the format alone.

    python3 make_envelopes.py > envelopes.json

HKDF and HMAC are Python's own, AES-GCM and AES are those of pyca/cryptography (OpenSSL underneath); XAES-256-GCM is put
together from them as https://c2sp.org/XAES-256-GCM says. Keys and nonces are fixed, so that running it again changes
nothing.
"""

import base64
import hashlib
import hmac
import json

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def sha256(text):
    return hashlib.sha256(text.encode()).digest()


def mac(key, message):
    return hmac.new(key, message, "sha256").digest()


def root(master):
    return mac(b"countersign-vault key derivation, version 1", master)


def expand(master, info, length=32):
    return mac(root(master), info.encode() + b"\x01")[:length]


def fields(parts):
    return b"".join(len(part).to_bytes(8, "big") + part for part in parts)


def aes_block(key, block):
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    return encryptor.update(block) + encryptor.finalize()


def xaes(key, nonce, plaintext, data):
    l = int.from_bytes(aes_block(key, bytes(16)), "big")
    k1 = ((l << 1) & (2**128 - 1)) ^ (0x87 if l >> 127 else 0)
    derived = b""
    for counter in (1, 2):
        message = bytes([0, counter]) + b"X\x00" + nonce[:12]
        derived += aes_block(key, (int.from_bytes(message, "big") ^ k1).to_bytes(16, "big"))
    return AESGCM(derived).encrypt(nonce[12:], plaintext, data)


def seal(version, master, purpose, user, factor, plaintext, nonce):
    key_id = expand(master, "key-id", 8)
    data = [version.encode(), key_id, purpose.encode(), user.encode()]
    if factor is not None:
        data.append(factor.encode())
    data = fields(data)
    if version == "cs1":
        sealed = xaes(expand(master, "seal-xaes-256-gcm/" + purpose), nonce, plaintext, data)
    else:
        sealed = AESGCM(expand(master, "seal-aes-256-gcm/" + purpose)).encrypt(nonce, plaintext, data)
    text = base64.urlsafe_b64encode(nonce + sealed).decode().rstrip("=")
    return f"{version}.{key_id.hex()}.{text}"


cases = []
for at, (version, purpose, user, factor, plaintext) in enumerate(
    [
        ("cs1", "countersign/secret", "user-42", "totp-1", b"12345678901234567890"),
        ("cs1", "countersign/secret", "user-42", None, b"12345678901234567890"),
        ("cs1", "countersign/ticket", "", "", b""),
        ("cs1", "shop/phone", "Zoë", "\u0000", bytes(range(256)) * 4),
        ("cs2", "countersign/secret", "user-42", "totp-1", b"12345678901234567890"),
        ("cs2", "shop/phone", "Zoë", None, b""),
    ]
):
    master = sha256(f"master key {at}")
    nonce = sha256(f"nonce {at}")[: 24 if version == "cs1" else 12]
    cases.append(
        {
            "master": master.hex(),
            "key_id": expand(master, "key-id", 8).hex(),
            "purpose": purpose,
            "user": user,
            "factor": factor,
            "plaintext": plaintext.hex(),
            "sealed": seal(version, master, purpose, user, factor, plaintext, nonce),
            "lookup": mac(expand(master, "lookup/" + purpose), user.encode()).hex(),
            "authenticated": mac(expand(master, "authenticate/" + purpose), fields([user.encode(), plaintext])).hex(),
            "subkey": expand(master, "subkey/" + purpose).hex(),
        }
    )
print(json.dumps(cases, indent=1))
