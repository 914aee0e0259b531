use base64ct::{Base64UrlUnpadded, Encoding};
use countersign::vault::{KeyId, Purpose, Vault};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::Sha256;

/// Signs and checks JSON Web Tokens in the compact form (RFC 7515, section 3.1) with HS256 and nothing else.
///
/// The key is derived from the vault's key ring, and `kid` is the id of the master key it comes from, so tokens outlive a
/// rotation. The header is a closed set: a token that names another algorithm or type, or brings `jwk`, `jku`, `x5u`,
/// `crit` or anything else, is no token here. (A library for tokens brings many algorithms and a provider that is
/// installed for the whole process; what is needed here is one HMAC.)
#[derive(Clone, Copy, Debug)]
pub(crate) struct Jws {
    /// The `typ` of these tokens.
    pub(crate) kind: &'static str,
    /// The purpose their key is derived for.
    pub(crate) purpose: Purpose,
}

impl Jws {
    /// The longest token that is looked at, in bytes.
    pub(crate) const MAX_LENGTH: usize = 4096;

    /// `claims` as a signed token; `None` if they are not JSON or the ring has no active key.
    #[must_use]
    pub(crate) fn sign(&self, vault: &Vault, claims: &impl Serialize) -> Option<String> {
        let key = vault.key_ring().active_id();
        let header = Header { alg: "HS256".into(), typ: self.kind.into(), kid: key.to_string() };
        let header = Base64UrlUnpadded::encode_string(&serde_json::to_vec(&header).ok()?);
        let claims = Base64UrlUnpadded::encode_string(&serde_json::to_vec(claims).ok()?);
        let mut token = format!("{header}.{claims}");
        let signature = self.mac(vault, &key)?.chain_update(token.as_bytes()).finalize().into_bytes();
        token.push('.');
        token.push_str(&Base64UrlUnpadded::encode_string(&signature));
        Some(token)
    }

    /// The claims of a token that was signed here; `None` for anything else.
    #[must_use]
    pub(crate) fn open<T: DeserializeOwned>(&self, vault: &Vault, token: &str) -> Option<T> {
        if token.len() > Self::MAX_LENGTH {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        // base64ct refuses padding and non-zero trailing bits: one token has one spelling.
        let header: Header = serde_json::from_slice(&Base64UrlUnpadded::decode_vec(header).ok()?).ok()?;
        if header.alg != "HS256" || header.typ != self.kind {
            return None;
        }
        let signature = Base64UrlUnpadded::decode_vec(signature).ok()?;
        let mac = self.mac(vault, &header.kid.parse().ok()?)?;
        mac.chain_update(signed.as_bytes()).verify_slice(&signature).ok()?;
        serde_json::from_slice(&Base64UrlUnpadded::decode_vec(claims).ok()?).ok()
    }

    fn mac(&self, vault: &Vault, key: &KeyId) -> Option<Hmac<Sha256>> {
        Hmac::new_from_slice(vault.subkey(key, self.purpose)?.expose_bytes()).ok()
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
}

#[cfg(test)]
mod tests {
    use countersign::vault::{KeyRing, MasterKey};
    use serde_json::{Value, json};

    use super::*;

    const JWS: Jws = Jws { kind: "at+jwt", purpose: Purpose::new("countersign-server/access-token") };

    fn vault(hex: &str) -> Vault {
        Vault::new(KeyRing::new(MasterKey::from_hex(hex).unwrap()))
    }

    fn one() -> Vault {
        vault("8f1c52d09b7ae36455cc0b21f6d8977a3e14b9c06d2f50e8a1734bd5962ec80f")
    }

    fn b64(bytes: &[u8]) -> String {
        Base64UrlUnpadded::encode_string(bytes)
    }

    /// A token with this header, signed with the right key: only what its header says is wrong with it.
    fn with_header(vault: &Vault, header: &str) -> String {
        let signed = format!("{}.{}", b64(header.as_bytes()), b64(b"{}"));
        let mac = JWS.mac(vault, &vault.key_ring().active_id()).unwrap();
        let signature = mac.chain_update(signed.as_bytes()).finalize().into_bytes();
        format!("{signed}.{}", b64(&signature))
    }

    #[test]
    fn what_was_signed_here_opens_here_alone() {
        let vault = one();
        let token = JWS.sign(&vault, &json!({"sub": "1"})).unwrap();
        assert_eq!(JWS.open::<Value>(&vault, &token), Some(json!({"sub": "1"})));
        let other = self::vault("0f8ec26995db4371a8e0502f6dc0b9143e7a97d8f6210bcc5564e37a9bd0521c");
        assert_eq!(JWS.open::<Value>(&other, &token), None);
        let other_purpose = Jws { purpose: Purpose::new("countersign-server/other"), ..JWS };
        assert_eq!(other_purpose.open::<Value>(&vault, &token), None);
    }

    #[test]
    fn every_changed_character_is_noticed() {
        let vault = one();
        let token = JWS.sign(&vault, &json!({"sub": "1"})).unwrap();
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(JWS.open::<Value>(&vault, &changed), None, "{at}");
        }
        for changed in [
            format!("{token}="),
            format!("{token}A"),
            format!("{token}."),
            format!(" {token}"),
            token.replacen('.', "", 1),
        ] {
            assert_eq!(JWS.open::<Value>(&vault, &changed), None, "{changed}");
        }
    }

    #[test]
    fn the_header_is_a_closed_set() {
        let vault = one();
        let kid = vault.key_ring().active_id();
        let right = format!(r#"{{"alg":"HS256","typ":"at+jwt","kid":"{kid}"}}"#);
        assert_eq!(JWS.open::<Value>(&vault, &with_header(&vault, &right)), Some(json!({})));
        for header in [
            format!(r#"{{"alg":"none","typ":"at+jwt","kid":"{kid}"}}"#),
            format!(r#"{{"alg":"hs256","typ":"at+jwt","kid":"{kid}"}}"#),
            format!(r#"{{"alg":"RS256","typ":"at+jwt","kid":"{kid}"}}"#),
            format!(r#"{{"alg":"HS256","typ":"JWT","kid":"{kid}"}}"#),
            format!(r#"{{"alg":"HS256","kid":"{kid}"}}"#),
            r#"{"alg":"HS256","typ":"at+jwt"}"#.to_owned(),
            r#"{"alg":"HS256","typ":"at+jwt","kid":"../../dev/null"}"#.to_owned(),
            r#"{"alg":"HS256","typ":"at+jwt","kid":""}"#.to_owned(),
            format!(r#"{{"alg":"HS256","typ":"at+jwt","kid":"{kid}","jwk":{{}}}}"#),
            format!(r#"{{"alg":"HS256","typ":"at+jwt","kid":"{kid}","crit":["exp"]}}"#),
            format!(r#"{{"alg":"none","alg":"HS256","typ":"at+jwt","kid":"{kid}"}}"#),
        ] {
            assert_eq!(JWS.open::<Value>(&vault, &with_header(&vault, &header)), None, "{header}");
        }
        let unsigned =
            format!("{}.{}.", b64(format!(r#"{{"alg":"none","typ":"at+jwt","kid":"{kid}"}}"#).as_bytes()), b64(b"{}"));
        assert_eq!(JWS.open::<Value>(&vault, &unsigned), None);
    }
}
