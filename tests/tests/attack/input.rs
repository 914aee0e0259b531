//! D-10 to D-13: what can be typed and what can be sent.

use countersign_tests::{
    client::{OTHER_PASSWORD, PASSWORD},
    phone::Phone,
    routes::{described, with_ids},
};
use reqwest::Method;
use serde_json::json;

use crate::case::Case;

pub(crate) async fn d_10_alias_spellings_of_a_right_code(case: &Case) {
    let mut ada = case.enrol("ada").await;
    let ticket = ada.ticket().await;
    let code = ada.phone.lasting_code().await;
    let full_width = code.chars().map(|c| char::from_u32(u32::from(c) - 0x30 + 0xff10).expect("a digit"));
    let full_width: String = full_width.collect();
    let arabic = code.chars().map(|c| char::from_u32(u32::from(c) - 0x30 + 0x660).expect("a digit"));
    for text in [
        format!("+{code}"),
        format!("0{code}"),
        format!("00{code}"),
        format!("{code}\n"),
        format!("{code}\t"),
        format!("{code}\u{0}"),
        format!("{code}\u{a0}"),
        format!("{}-{}", &code[..3], &code[3..]),
        format!("0x{code}"),
        full_width.clone(),
        arabic.collect(),
        code[..5].to_owned(),
        format!("{code}0"),
        format!("{code}000"),
        String::new(),
        " ".to_owned(),
        code.repeat(1700),
    ] {
        // Eight digits can be a code, though not one of this factor.
        let answer = ada.client.second_step(&ticket, &text).await;
        answer.refused(400, "malformed_code");
    }
    let number: u32 = code.parse().expect("digits");
    for value in [json!(number), json!([code]), json!({"$gt": ""}), json!(null), json!(true), json!(f64::from(number))]
    {
        let answer = ada.client.post("/auth/login/2fa", None, json!({"ticket": ticket, "code": value})).await;
        answer.refused(400, "malformed_request");
    }
    // Nor does any other door for codes take them.
    let bearer = Some(ada.session.access.clone());
    let factor = ada.get("/2fa/status").await.body["factors"][0]["factor_id"].as_str().expect("a factor").to_owned();
    let factor = format!("/2fa/factors/{factor}");
    for (method, path) in [
        (Method::POST, "/2fa/verify"),
        (Method::POST, "/2fa/setup"),
        (Method::POST, "/2fa/disable"),
        (Method::POST, "/2fa/backup-codes/regenerate"),
        (Method::POST, "/auth/password"),
        (Method::DELETE, &factor),
    ] {
        for (value, refusal) in [
            (json!(format!("+{code}")), "malformed_code"),
            (json!(format!("0{code}")), "malformed_code"),
            (json!(format!("{code}\n")), "malformed_code"),
            (json!(full_width), "malformed_code"),
            (json!(code.repeat(1700)), "malformed_code"),
            (json!(number), "malformed_request"),
            (json!([code]), "malformed_request"),
        ] {
            let mut body = json!({"code": value});
            match path {
                "/auth/password" => {
                    body["current"] = json!(PASSWORD);
                    body["new"] = json!(OTHER_PASSWORD);
                }
                path if path == "/2fa/disable" || path == factor => body["password"] = json!(PASSWORD),
                _ => {}
            }
            let path = format!("/api/v1{path}");
            let answer = ada.client.call(method.clone(), &path, bearer.as_deref(), Some(body)).await;
            answer.refused(400, refusal);
        }
    }
    // All that was charged to nobody, and the ASCII space alone is skipped.
    let wrong = ada.client.second_step(&ada.ticket().await, &ada.phone.wrong()).await;
    assert_eq!(wrong.refused(401, "invalid_code").body["attempts_left"], 4);
    ada.client.second_step(&ticket, &format!(" {} {} ", &code[..3], &code[3..])).await.done();
}

pub(crate) async fn d_11_leading_zero(case: &Case) {
    let client = case.client();
    let token = client.register(&case.email("ada")).await;
    // Each beginning has another secret: one of a few has a code for this moment that begins with 0.
    for _ in 0..400 {
        let setup = client.post("/2fa/setup", Some(&token), json!({})).await.done();
        let mut phone = Phone::typed(&setup.text("secret"), 6);
        let code = phone.lasting_code().await;
        let Some(rest) = code.strip_prefix('0') else { continue };
        let number: u32 = code.parse().expect("digits");
        client.post("/2fa/verify", Some(&token), json!({"code": rest})).await.refused(400, "malformed_code");
        client.post("/2fa/verify", Some(&token), json!({"code": number})).await.refused(400, "malformed_request");
        client.post("/2fa/verify", Some(&token), json!({"code": code})).await.done();
        return;
    }
    panic!("no code of 400 begins with 0");
}

pub(crate) async fn d_12_hostile_provisioning_parameters(case: &Case) {
    let client = case.client();
    let token = client.register(&case.email("ada")).await;
    for body in [
        json!({"digits": 0}),
        json!({"digits": 5}),
        json!({"digits": 7}),
        json!({"digits": 9}),
        json!({"digits": 53}),
        json!({"digits": 4_294_967_296_u64}),
        json!({"digits": 4_294_967_302_u64}),
        json!({"digits": -6}),
        json!({"digits": 6.5}),
        json!({"digits": "6"}),
        json!({"algorithm": "MD5"}),
        json!({"algorithm": ""}),
        json!({"algorithm": "SHA1&digits=8"}),
        json!({"algorithm": 1}),
        json!({"period": 0}),
        json!({"period": 1}),
        json!({"period": 9_223_372_036_854_775_808_u64}),
        json!({"secret": ""}),
        json!({"secret": "AA"}),
        json!({"otpauth_uri": "otpauth://totp/x?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"}),
        json!({"secret": "JBSWY3DPEHPK3PXP"}),
        json!({"issuer": "other"}),
        json!({"name": "two\nlines"}),
        json!({"name": ""}),
        json!({"name": "n".repeat(65)}),
    ] {
        client.post("/2fa/setup", Some(&token), body).await.refused(400, "malformed_request");
    }
    let twice = client.ask(Method::POST, "/api/v1/2fa/setup").bearer(&token);
    let twice = twice.bytes("application/json", r#"{"digits":6,"digits":8}"#).send().await;
    twice.refused(400, "malformed_request");
    let large = json!({"name": "n".repeat(1_000_000)});
    client.post("/2fa/setup", Some(&token), large).await.refused(413, "body_too_large");
    // A label with what ends or begins something in a URI is one label all the same.
    let odd = client.register(&case.email("a%0ab%3ac&secret=d#e")).await;
    let uri = client.post("/2fa/setup", Some(&odd), json!({})).await.done().text("otpauth_uri");
    let (label, parameters) = uri.split_once('?').expect("parameters");
    assert!(label.contains("a%250ab%253ac%26secret%3Dd%23e"), "{uri}");
    assert!(parameters.matches("secret=").count() == 1 && !parameters.contains('#'), "{uri}");
    // A name that looks like parameters is a name.
    let body = json!({"name": "a:b?secret=A&digits=8#%0a/"});
    let setup = client.post("/2fa/setup", Some(&token), body).await.done();
    let uri = setup.text("otpauth_uri");
    assert_eq!(uri.matches("secret=").count(), 1, "{uri}");
    assert!(uri.contains(&format!("secret={}", setup.text("secret"))), "{uri}");
    assert_eq!(setup.body["digits"], 6);
    // 160 bits of secret.
    assert_eq!(setup.text("secret").len(), 32);
    let mut phone = Phone::from_uri(&uri);
    let code = phone.code().await;
    client.post("/2fa/verify", Some(&token), json!({"code": code})).await.done();
}

pub(crate) async fn d_13_json_hygiene(case: &Case) {
    let mut ada = case.enrol("ada").await;
    let (ticket, code) = (ada.ticket().await, ada.phone.lasting_code().await);
    let right = json!({"ticket": ticket, "code": code}).to_string();
    let refused = async |content_type: &str, body: Vec<u8>| {
        let ask = ada.client.ask(Method::POST, "/api/v1/auth/login/2fa");
        ask.bytes(content_type, body).send().await.refused(400, "malformed_request");
    };
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
        "application/json-patch+json",
        "application/vnd.api+json",
    ] {
        refused(content_type, right.clone().into_bytes()).await;
    }
    let utf_16: Vec<u8> = right.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let inside = right.trim_end_matches('}');
    for body in [
        utf_16,
        format!("\u{feff}{right}").into_bytes(),
        format!("{inside},\"code\":\"000000\"}}").into_bytes(),
        format!("{inside},\"user_id\":\"1\"}}").into_bytes(),
        format!("{inside},\"email\":\"{}\"}}", ada.email).into_bytes(),
        format!("{inside},\"mfa_verified\":true}}").into_bytes(),
        format!("{inside},\"remember_device\":\"yes\"}}").into_bytes(),
        format!("{right}{right}").into_bytes(),
        format!("[{right}]").into_bytes(),
        format!("{right}\0").into_bytes(),
        right.replace(&code, &format!("{code}\0")).into_bytes(),
        [right.as_bytes(), b"\xff"].concat(),
        Vec::new(),
    ] {
        refused("application/json", body).await;
    }
    // One address, as a string.
    for body in [
        json!({"email": [ada.email, "eve@example.org"], "password": PASSWORD}),
        json!({"email": {"$ne": ""}, "password": PASSWORD}),
        json!({"email": ada.email, "password": {"$ne": ""}}),
        json!({"email": ada.email, "password": PASSWORD, "role": "admin"}),
        json!({"email": ada.email, "password": PASSWORD, "mfa_verified": true}),
    ] {
        ada.client.post("/auth/login", None, body.clone()).await.refused(400, "malformed_request");
        ada.client.post("/auth/register", None, body).await.refused(400, "malformed_request");
    }
    for email in [format!("{},eve@example.org", ada.email), format!("{}\r\nbcc:eve@example.org", ada.email)] {
        let body = json!({"email": email, "password": PASSWORD});
        ada.client.post("/auth/register", None, body).await.refused(400, "invalid_email");
    }
    // Every route that takes a body takes one JSON object with members of its own, each once.
    let mut routes = 0;
    for (method, path, operation) in described(case.client()).await {
        if operation["requestBody"].is_null() {
            continue;
        }
        let types = operation["requestBody"]["content"].as_object().expect("types");
        assert_eq!(types.keys().collect::<Vec<_>>(), ["application/json"], "{path}");
        for (content_type, body) in [
            ("application/json", r#"{"mfa_verified":true}"#),
            ("application/json", r#"{"user_id":"1","role":"admin"}"#),
            ("application/json", r#"{"code":"123456","code":"123456"}"#),
            ("application/json", r#"{"password":"a-long-one","password":"a-long-one"}"#),
            ("application/json", "[]"),
            ("application/json", "null"),
            ("application/json", r#"{"code":"#),
            ("text/plain", "{}"),
            ("application/x-www-form-urlencoded", "code=123456"),
        ] {
            let ask = case.client().ask(method.clone(), &with_ids(&path)).bearer(&ada.session.access);
            let answer = ask.bytes(content_type, body).send().await;
            let is = (answer.status.as_u16(), answer.code());
            assert_eq!(is, (400, "malformed_request"), "{method} {path} {body}: {answer:?}");
        }
        routes += 1;
    }
    assert!(routes >= 10, "{routes}");
    // Nothing of it took the ticket or the code.
    ada.client.second_step(&ticket, &code).await.done();
}
