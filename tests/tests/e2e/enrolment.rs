use countersign_tests::{
    phone::{Phone, scan},
    server::Server,
};
use reqwest::StatusCode;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn the_qr_code_is_the_uri_and_its_codes_are_right_for_six_digits_and_for_eight() {
    for (settings, body, digits) in [
        (&[][..], json!({}), 6_u8),
        (&[][..], json!({"digits": 8}), 8),
        (&[("COUNTERSIGN_DIGITS", "8")][..], json!({}), 8),
    ] {
        let server = Server::start(settings).await;
        let client = server.client();
        let token = client.register("ada@example.com").await;
        let setup = client.post("/2fa/setup", Some(&token), body).await;
        assert_eq!(setup.status, StatusCode::OK, "{setup:?}");
        let uri = setup.text("otpauth_uri");
        assert_eq!(scan(&setup.text("qr_png")), uri);
        assert!(setup.text("qr_svg").contains("<svg"));
        assert!(uri.contains(&setup.text("secret")));
        assert_eq!(setup.body["digits"], digits);
        let code = Phone::from_uri(&uri).code().await;
        assert_eq!(code.len(), usize::from(digits));
        let enabled = client.post("/2fa/verify", Some(&token), json!({"code": code})).await;
        assert_eq!(enabled.status, StatusCode::OK, "{enabled:?}");
        assert_eq!(enabled.body["status"], "enabled");
        let status = client.get("/2fa/status", Some(&enabled.text("access_token"))).await;
        assert_eq!(status.body["enabled"], true);
        assert_eq!(status.body["backup_codes_left"], 10);
    }
}
