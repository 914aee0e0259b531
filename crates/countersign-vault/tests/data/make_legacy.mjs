// Makes legacy_hex_json.json and legacy_base64.json with Node's `crypto` (OpenSSL underneath):
//   node make_legacy.mjs
// Keys and IVs are fixed, so that running it again changes nothing.
import { createCipheriv, createHash } from "node:crypto";
import { writeFileSync } from "node:fs";

const bytes = (label, length) => createHash("sha512").update(label).digest().subarray(0, length);
const plaintexts = ["JBSWY3DPEHPK3PXP", "", "é", "x".repeat(1000)];

const hexJson = plaintexts.map((plaintext, at) => {
  const key = bytes(`hex json key ${at}`, 32);
  const iv = bytes(`hex json iv ${at}`, 16);
  const cipher = createCipheriv("aes-256-gcm", key, iv);
  const encrypted = cipher.update(plaintext, "utf8", "hex") + cipher.final("hex");
  const sealed = JSON.stringify({ encrypted, iv: iv.toString("hex"), authTag: cipher.getAuthTag().toString("hex") });
  return { key: key.toString("hex"), plaintext, sealed };
});

const base64 = plaintexts.map((plaintext, at) => {
  const key = bytes(`base64 key ${at}`, 32);
  const iv = bytes(`base64 iv ${at}`, 12);
  const cipher = createCipheriv("aes-256-gcm", key, iv);
  const ciphertext = Buffer.concat([cipher.update(plaintext, "utf8"), cipher.final()]);
  const sealed = Buffer.concat([iv, cipher.getAuthTag(), ciphertext]).toString("base64");
  return { key: key.toString("hex"), plaintext, sealed };
});

writeFileSync("legacy_hex_json.json", JSON.stringify(hexJson, null, 1) + "\n");
writeFileSync("legacy_base64.json", JSON.stringify(base64, null, 1) + "\n");
