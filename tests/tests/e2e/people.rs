use countersign_tests::{client::Client, phone::Phone};
use reqwest::StatusCode;
use serde_json::json;

/// Somebody with an account, a live factor and a session.
pub(crate) struct Person {
    pub(crate) client: Client,
    pub(crate) email: String,
    pub(crate) phone: Phone,
    pub(crate) backup_codes: Vec<String>,
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
}

impl Person {
    /// Signs up and sets the second factor up, as anybody would.
    pub(crate) async fn enrol(client: Client, email: &str) -> Self {
        let token = client.register(email).await;
        let setup = client.post("/2fa/setup", Some(&token), json!({})).await;
        assert_eq!(setup.status, StatusCode::OK, "{setup:?}");
        let mut phone = Phone::typed(&setup.text("secret"), 6);
        let code = phone.code().await;
        let enabled = client.post("/2fa/verify", Some(&token), json!({"code": code})).await;
        assert_eq!(enabled.status, StatusCode::OK, "{enabled:?}");
        assert_eq!(enabled.body["status"], "enabled");
        let codes = enabled.body["backup_codes"].as_array().expect("backup codes");
        let backup_codes: Vec<_> = codes.iter().map(|code| code.as_str().expect("text").to_owned()).collect();
        assert_eq!(backup_codes.len(), 10);
        Self {
            email: email.to_owned(),
            phone,
            backup_codes,
            access_token: enabled.text("access_token"),
            refresh_token: enabled.text("refresh_token"),
            client,
        }
    }

    pub(crate) async fn ticket(&self) -> String {
        self.client.ticket(&self.email).await
    }
}
