//! D-37 to D-40: what is told, and what tokens are worth.

use base64ct::{Base64Url, Base64UrlUnpadded, Encoding as _};
use countersign_tests::{
    client::{Answer, PASSWORD},
    deployment::Deployment,
    person::Person,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::case::Case;

const WRONG: &str = "a wrong but long password";

pub(crate) async fn d_37_enumeration(case: &Case) {
    // An account with a second factor, one without, one whose second factor is locked by spent codes, and nobody.
    let with = case.enrol("with").await;
    let locked = case.enrol("locked").await;
    locked.spend_the_budget().await;
    let without = case.email("without");
    case.client().post("/auth/register", None, json!({"email": without, "password": PASSWORD})).await.done();
    let nobody = case.email("nobody");
    // From a network of its own, so that what was asked before counts for none of them.
    let client = case.client_elsewhere(1);
    for tried in 0..8 {
        let mut answers = Vec::new();
        for email in [&with.email, &without, &locked.email, &nobody] {
            answers.push(client.login(email, WRONG).await);
        }
        answers[0]
            .refused(if tried < 5 { 401 } else { 429 }, if tried < 5 { "invalid_credentials" } else { "rate_limited" });
        for answer in &answers[1..] {
            assert_eq!(shape(answer), shape(&answers[0]), "at try {tried}");
        }
    }
    // What is no address at all is nobody either.
    let answer = client.login("no address at all", WRONG).await;
    answer.refused(401, "invalid_credentials");
}

/// Status, body and headers, but for what each answer has of its own: its id and its date. Of a wait, that there is one.
fn shape(answer: &Answer) -> (u16, Value, Vec<String>) {
    let mut body = answer.body.clone();
    if let Some(wait) = body.get_mut("retry_after") {
        assert!(wait.as_u64().is_some_and(|wait| (600..=900).contains(&wait)), "{wait}");
        *wait = json!(0);
    }
    let own = ["x-request-id", "date", "retry-after"];
    let headers = answer.headers.iter().map(|(name, value)| match name.as_str() {
        name if own.contains(&name) => name.to_owned(),
        name => format!("{name}: {value:?}"),
    });
    let mut headers: Vec<_> = headers.collect();
    headers.sort();
    (answer.status.as_u16(), body, headers)
}

pub(crate) async fn d_38_forged_tokens(case: &Case) {
    let mut ada = case.enrol("ada").await;
    let token = ada.session.access.clone();
    let client = &ada.client.clone();
    client.get("/auth/me", Some(&token)).await.done();
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = parts[..] else { panic!("a token has three parts: {token}") };
    let read = |part: &str| -> Value {
        serde_json::from_slice(&Base64UrlUnpadded::decode_vec(part).expect("base64url")).expect("JSON")
    };
    let write = |value: &Value| Base64UrlUnpadded::encode_string(value.to_string().as_bytes());
    let mut forged = Vec::new();
    // Another algorithm or type, or a key that the token brings along.
    let mut headers = Vec::new();
    for alg in ["none", "None", "nOnE", "NONE", "", "HS384", "HS512", "RS256", "ES256", "EdDSA", "hs256"] {
        headers.push(with(&read(header), "alg", json!(alg)));
    }
    for typ in ["JWT", "refresh+jwt", "", "AT+JWT"] {
        headers.push(with(&read(header), "typ", json!(typ)));
    }
    for kid in ["", "../../../../dev/null", "0", "' OR 1=1 --", "/etc/passwd"] {
        headers.push(with(&read(header), "kid", json!(kid)));
    }
    let jwk = json!({"kty": "oct", "k": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"});
    for (name, value) in [
        ("jwk", jwk),
        ("jku", json!("http://127.0.0.1/keys")),
        ("x5u", json!("http://127.0.0.1/key.pem")),
        ("x5c", json!(["AAAA"])),
        ("crit", json!(["exp"])),
        ("zip", json!("DEF")),
    ] {
        headers.push(with(&read(header), name, value));
    }
    for header in headers {
        let header = write(&header);
        forged.push(format!("{header}.{claims}.{signature}"));
        forged.push(format!("{header}.{claims}."));
        forged.push(format!("{header}.{claims}"));
    }
    // Other claims under the old signature, and none at all.
    let now = read(claims)["iat"].as_u64().expect("seconds");
    for (name, value) in [
        ("sub", json!("somebody-else")),
        ("sid", json!("another-session")),
        ("exp", json!(now + 100_000)),
        ("exp", json!("9999999999")),
        ("exp", json!(1e300)),
        ("exp", json!(-1)),
        ("exp", json!(u64::MAX)),
        ("aud", json!("http://other.example.com")),
        ("iss", json!("http://other.example.com")),
        ("amr", json!(["pwd", "otp", "hwk"])),
        ("nbf", json!(0)),
    ] {
        let claims = write(&with(&read(claims), name, value));
        forged.push(format!("{header}.{claims}.{signature}"));
        forged.push(format!("{header}.{claims}."));
    }
    // One token has one spelling.
    let padded = Base64Url::encode_string(&Base64UrlUnpadded::decode_vec(signature).expect("base64url"));
    assert!(padded.ends_with('='), "{padded}");
    forged.push(format!("{header}.{claims}.{padded}"));
    for (before, after) in [("", "."), ("", "A"), ("", "="), (".", ""), ("", ".AAAA"), ("", "%00")] {
        forged.push(format!("{before}{token}{after}"));
    }
    forged.push(format!("{header}.{claims}.{}", &signature[..signature.len() - 1]));
    forged.push(format!("{header}.{claims}.{}", other_tail(signature)));
    forged.push(format!("{claims}.{header}.{signature}"));
    forged.push(format!("{token}.{signature}"));
    forged.push("..".to_owned());
    forged.push("A".repeat(8000));
    // What is a token, and of another kind.
    forged.push(ada.session.refresh.clone());
    forged.push(ada.session.cookie.split_once('=').expect("name=value").1.to_owned());
    forged.push(ada.ticket().await);
    forged.push(client.register(&case.email("bob")).await);
    // Another server's, in everything alike but the key.
    let other = Deployment::start(countersign_tests::deployment::Backend::Sqlite, &[]).await;
    let hers = Person::enrol(other.client(), &ada.email).await;
    hers.get("/auth/me").await.done();
    forged.push(hers.session.access.clone());
    assert!(forged.len() > 100);
    for token in &forged {
        client.get("/auth/me", Some(token)).await.refused(401, "unauthorized");
    }
    // Two of them, or one where it does not belong.
    let me = || client.ask(Method::GET, "/api/v1/auth/me");
    let twice = me().bearer(&token).header("authorization", "Bearer x").send().await;
    assert_eq!(twice.status, StatusCode::UNAUTHORIZED);
    let inside = me().header("authorization", &format!("Bearer Bearer {token}")).send().await;
    inside.refused(401, "unauthorized");
    client.ask(Method::GET, &format!("/api/v1/auth/me?access_token={token}")).send().await.refused(401, "unauthorized");
    me().cookie(&format!("access_token={token}")).send().await.refused(401, "unauthorized");
    // And an access token is no refresh token, ticket or set-up token.
    client.refresh(&token).await.refused(401, "token_invalid");
    let code = ada.phone.code().await;
    client.second_step(&token, &code).await.refused(401, "ticket_invalid");
    client.get("/auth/me", Some(&token)).await.done();
}

fn with(object: &Value, name: &str, value: Value) -> Value {
    let mut object = object.clone();
    object[name] = value;
    object
}

/// The same bits but for those that no byte of a signature has.
fn other_tail(signature: &str) -> String {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (start, last) = signature.split_at(signature.len() - 1);
    let at = ALPHABET.find(last).expect("base64url");
    format!("{start}{}", &ALPHABET[at ^ 1..=at ^ 1])
}

pub(crate) async fn d_39_refresh_reuse(case: &Case) {
    let mut ada = case.enrol("ada").await;
    let first = ada.session.refresh.clone();
    let second = ada.client.refresh(&first).await.done();
    let third = ada.client.refresh(&second.text("refresh_token")).await.done();
    for token in [&second, &third] {
        ada.client.get("/auth/me", Some(&token.text("access_token"))).await.done();
    }
    let session = third.text("access_token");
    let claims = session.split('.').nth(1).expect("claims").to_owned();
    let claims: Value =
        serde_json::from_slice(&Base64UrlUnpadded::decode_vec(&claims).expect("base64url")).expect("JSON");
    let sid = claims["sid"].as_str().expect("a session").to_owned();

    ada.client.refresh(&first).await.refused(401, "token_reuse");
    // The family is dead, with all that came of it.
    for token in [&second, &third] {
        assert_eq!(ada.client.refresh(&token.text("refresh_token")).await.status, StatusCode::UNAUTHORIZED);
        ada.client.get("/auth/me", Some(&token.text("access_token"))).await.refused(401, "unauthorized");
    }
    ada.session.assert_ended(&ada.client).await;
    let later = ada.sign_in_by_backup_code().await;
    // Whoever runs the server can see it.
    let user = claims["sub"].as_str().expect("an account");
    let line = case.logged(&format!("event=\"token_reused\" user={user} session=\"{sid}\"")).await;
    assert!(line.contains("WARN"), "{line}");
    // And whose account it is, too.
    let events = ada.client.get("/2fa/events", Some(&later.access)).await.done();
    let told = events.body["events"].as_array().expect("events").iter().filter(|event| event["kind"] == "token_reused");
    assert_eq!(told.count(), 1, "{events:?}");
}

pub(crate) async fn d_40_secrets_in_urls(case: &Case) {
    let mut ada = case.enrol("ada").await;
    let (ticket, code) = (ada.ticket().await, ada.phone.lasting_code().await);
    let watch = ada.client.watch();
    watch.add(&ada.email);
    watch.add(&ada.email.replace('@', "%40"));
    let query = format!("ticket={ticket}&code={code}&email={}&password={PASSWORD}&secret=JBSWY3DPEHPK3PXP", ada.email);
    watch.add("JBSWY3DPEHPK3PXP");
    watch.add(&query);
    for (method, path, operation) in countersign_tests::routes::described(&ada.client).await {
        let path = countersign_tests::routes::with_ids(&path);
        if method == Method::GET {
            continue;
        }
        let answer = ada.client.ask(Method::GET, &format!("{path}?{query}")).bearer(&ada.session.access).send().await;
        if answer.status == StatusCode::METHOD_NOT_ALLOWED {
            answer.refused(405, "method_not_allowed");
            assert!(answer.header("allow").is_some_and(|allow| allow.contains(method.as_str())), "{path}: {answer:?}");
        } else {
            // It has a GET of its own, which takes nothing of a query.
            answer.clone().done();
        }
        // With the right method and an empty body, what stands in the query is not looked at.
        let opens = operation["security"] == json!([{}]);
        let takes = !operation["requestBody"].is_null();
        if takes {
            let ask = ada.client.ask(method.clone(), &format!("{path}?{query}")).json(&json!({}));
            let ask = if opens { ask } else { ask.bearer(&ada.session.access) };
            let answer = ask.send().await;
            assert!(
                answer.status.is_client_error() && answer.status != StatusCode::METHOD_NOT_ALLOWED,
                "{path}: {answer:?}"
            );
        }
    }
    for path in ["/login", "/login/code", "/register", "/nowhere", "/api/v1/auth/signin-with-2fa"] {
        let page = ada.client.ask(Method::GET, &format!("{path}?{query}")).header("accept", "text/html");
        let page = page.send_for_a_page().await;
        assert!(!page.text.contains(&code) && !page.text.contains(PASSWORD), "{path}: {page:?}");
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"), "{path}: {page:?}");
    }
    // All that was looked for in the log after each answer. None of it took the ticket or the code.
    ada.client.second_step(&ticket, &code).await.done();
}
