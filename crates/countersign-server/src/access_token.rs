use std::{sync::Arc, time::Duration};

use countersign::{
    clock::Timestamp,
    store::UserId,
    vault::{Purpose, Vault},
};
use countersign_axum::{ACR_FIRST_FACTOR, ACR_SECOND_FACTOR};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::jws::Jws;

/// How long an access token lasts.
pub(crate) const LASTS: Duration = Duration::from_secs(600);

/// How far ahead of this machine's clock the one that issued a token may have been.
const LEEWAY: Duration = Duration::from_secs(5);

const JWS: Jws = Jws { kind: "at+jwt", purpose: Purpose::new("countersign-server/access-token") };

/// Issues and reads access tokens: JSON Web Tokens of ten minutes (RFC 9068 in form).
#[derive(Clone, Debug)]
pub(crate) struct AccessTokens {
    vault: Arc<Vault>,
    issuer: Arc<str>,
}

/// What an access token says. All of it is there and of its type, or it is no access token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Claims {
    iss: String,
    aud: String,
    /// The account.
    pub(crate) sub: String,
    /// The session.
    pub(crate) sid: String,
    jti: String,
    iat: u64,
    exp: u64,
    /// When the session's holder last authenticated, in seconds.
    pub(crate) auth_time: u64,
    /// How.
    pub(crate) amr: Vec<String>,
    acr: String,
}

/// What is to be said in an access token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'a> {
    /// The account.
    pub(crate) user: &'a UserId,
    /// The session.
    pub(crate) session: &'a str,
    /// When its holder last authenticated.
    pub(crate) authenticated_at: Timestamp,
    /// How.
    pub(crate) amr: &'a [&'a str],
}

impl AccessTokens {
    /// Tokens of `issuer`, the server's public URL, which is their audience too.
    #[must_use]
    pub(crate) fn new(vault: Arc<Vault>, issuer: &str) -> Self {
        Self { vault, issuer: issuer.into() }
    }

    /// A new token with this id; `None` if it cannot be signed.
    #[must_use]
    pub(crate) fn issue(&self, subject: &Subject<'_>, id: &str, now: Timestamp) -> Option<Zeroizing<String>> {
        let second_factor = subject.amr.contains(&"otp");
        let claims = Claims {
            iss: self.issuer.to_string(),
            aud: self.issuer.to_string(),
            sub: subject.user.to_string(),
            sid: subject.session.to_owned(),
            jti: id.to_owned(),
            iat: now.as_secs(),
            exp: now.saturating_add(LASTS).as_secs(),
            auth_time: subject.authenticated_at.as_secs(),
            amr: subject.amr.iter().map(|method| (*method).to_owned()).collect(),
            acr: if second_factor { ACR_SECOND_FACTOR } else { ACR_FIRST_FACTOR }.to_owned(),
        };
        JWS.sign(&self.vault, &claims).map(Zeroizing::new)
    }

    /// What a token says, if it was issued here and has not expired.
    #[must_use]
    pub(crate) fn read(&self, token: &str, now: Timestamp) -> Option<Claims> {
        let claims: Claims = JWS.open(&self.vault, token)?;
        let ours = claims.iss == *self.issuer && claims.aud == *self.issuer;
        let begun = claims.iat <= now.saturating_add(LEEWAY).as_secs();
        let lasts = claims.exp > now.as_secs() && claims.exp <= claims.iat.saturating_add(LASTS.as_secs());
        (ours && begun && lasts && !claims.jti.is_empty()).then_some(claims)
    }
}

#[cfg(test)]
mod tests {
    use countersign::vault::{KeyRing, MasterKey};
    use serde_json::{Value, json};

    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

    fn tokens() -> AccessTokens {
        let key = MasterKey::from_hex("8f1c52d09b7ae36455cc0b21f6d8977a3e14b9c06d2f50e8a1734bd5962ec80f").unwrap();
        AccessTokens::new(Arc::new(Vault::new(KeyRing::new(key))), "http://127.0.0.1:8080")
    }

    fn claims() -> Value {
        json!({
            "iss": "http://127.0.0.1:8080", "aud": "http://127.0.0.1:8080", "sub": "u", "sid": "s", "jti": "j",
            "iat": 1_800_000_000_u64, "exp": 1_800_000_600_u64, "auth_time": 1_800_000_000_u64,
            "amr": ["pwd", "otp"], "acr": "2fa",
        })
    }

    fn is_read(claims: &Value) -> bool {
        let tokens = tokens();
        tokens.read(&JWS.sign(&tokens.vault, claims).unwrap(), NOW).is_some()
    }

    #[test]
    fn a_token_lasts_ten_minutes() {
        let tokens = tokens();
        let user = UserId::new("u").unwrap();
        let subject = Subject { user: &user, session: "s", authenticated_at: NOW, amr: &["pwd", "otp"] };
        let token = tokens.issue(&subject, "j", NOW).unwrap();
        let after = |secs| tokens.read(&token, NOW.saturating_add(Duration::from_secs(secs)));
        assert_eq!(serde_json::to_value(after(0).unwrap()).unwrap(), claims());
        assert!(after(599).is_some());
        assert!(after(600).is_none());
        assert!(tokens.read(&token, NOW.saturating_sub(Duration::from_secs(6))).is_none());
    }

    #[test]
    fn each_claim_is_there_and_of_its_type() {
        assert!(is_read(&claims()));
        for name in ["iss", "aud", "sub", "sid", "jti", "iat", "exp", "auth_time", "amr", "acr"] {
            let mut without = claims();
            without.as_object_mut().unwrap().remove(name);
            assert!(!is_read(&without), "without {name}");
        }
        for (name, value) in [
            ("iss", json!("http://example.com")),
            ("aud", json!("http://example.com")),
            ("aud", json!(["http://127.0.0.1:8080"])),
            ("exp", json!("1800000600")),
            ("exp", json!(1_800_000_600.5)),
            ("exp", json!(-1)),
            ("exp", json!(1.8e300)),
            ("exp", json!(u64::MAX)),
            ("exp", json!(1_800_000_000_u64)),
            ("iat", json!(1_800_000_006_u64)),
            ("iat", json!(null)),
            ("jti", json!("")),
            ("amr", json!("otp")),
            ("mfa_verified", json!(true)),
        ] {
            let mut with = claims();
            with[name] = value.clone();
            assert!(!is_read(&with), "{name}: {value}");
        }
    }
}
