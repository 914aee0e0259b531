use countersign_tests::{
    browser::{Browser, Look},
    client::PASSWORD,
    server::Server,
    tour,
};

const ADA: &str = "ada@example.com";

#[tokio::test(flavor = "multi_thread")]
async fn sessions_codes_authenticators_and_password_are_looked_after() {
    let server = Server::start(&[]).await;
    let here = Browser::start(server.url(), Look::DESKTOP).await;
    tour::register(&here, ADA, PASSWORD).await;
    let mut phone = tour::set_up(&here).await;
    let first_codes = tour::keep_codes(&here).await;

    // Another browser signs in, and its session is ended from here.
    let there = Browser::start(server.url(), Look::DESKTOP).await;
    tour::show_password(&there, ADA).await;
    let code = phone.code().await;
    tour::type_code(&there, &code).await;
    assert_eq!(there.path().await, "/account");
    here.open("/account/sessions").await;
    here.press("form[action='/account/sessions'] .rows button").await;
    assert!(here.text().await.contains("The session has ended"));
    there.open("/account").await;
    assert_eq!(there.path().await, "/login");

    // New backup codes: the old ones are dead.
    here.open("/account/backup-codes").await;
    let code = phone.code().await;
    tour::type_code(&here, &code).await;
    assert_eq!(here.path().await, "/backup-codes", "{}", here.text().await);
    let codes = tour::keep_codes(&here).await;
    assert!(codes.len() == 10 && codes.iter().all(|code| !first_codes.contains(code)));
    tour::show_password(&there, ADA).await;
    there.open("/login/backup-code").await;
    there.fill("#backup-code", &first_codes[0]).await;
    there.press("form.card button").await;
    assert!(there.text_of("#notice").await.contains("This backup code is not right"));
    there.fill("#backup-code", &codes[0]).await;
    there.press("form.card button").await;
    assert_eq!(there.path().await, "/account");

    // A second authenticator, by a backup code; renamed, and removed by its own code.
    here.open("/account/factors").await;
    here.fill("#name", "Tablet").await;
    tour::type_code(&here, &codes[1]).await;
    let mut tablet = tour::set_up(&here).await;
    tour::keep_codes(&here).await;
    assert_eq!(here.texts(".rows strong").await, ["Authenticator", "Tablet"]);
    here.press(".rows li:nth-child(2) a").await;
    here.fill("#name", "Old <tablet>").await;
    here.press("form.card:has(#name) button").await;
    assert_eq!(here.texts(".rows strong").await, ["Authenticator", "Old <tablet>"]);
    here.press(".rows li:nth-child(2) a").await;
    let code = tablet.code().await;
    tour::type_code(&here, &code).await;
    assert!(here.text().await.contains("The authenticator is removed"));
    assert_eq!(here.texts(".rows strong").await, ["Authenticator"]);

    // Another password.
    let another = "nine-quiet-ladders-and-an-otter";
    here.open("/account/password").await;
    here.fill("#current", "not-this-one-at-all").await;
    here.fill("#new", another).await;
    let code = phone.code().await;
    tour::type_code(&here, &code).await;
    assert!(here.text_of("#notice").await.contains("The password is not right"));
    here.fill("#current", PASSWORD).await;
    here.fill("#new", another).await;
    tour::type_code(&here, &code).await;
    assert!(here.text().await.contains("Your password is changed"));
    tour::show_password(&there, ADA).await;
    assert!(there.text_of("#notice").await.contains("The address or the password is not right"));

    here.open("/account/activity").await;
    let events = here.text_of("ol.rows").await;
    for event in ["Authenticator added", "Authenticator removed", "New backup codes made", "Backup code used"] {
        assert!(events.contains(event), "{event}: {events}");
    }
    here.close().await;
    there.close().await;
}
