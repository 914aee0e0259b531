use countersign_tests::{
    browser::{Browser, Look},
    client::PASSWORD,
    server::Server,
    tour,
};

#[tokio::test(flavor = "multi_thread")]
async fn where_it_is_optional_it_is_turned_on_off_and_on_again() {
    let server = Server::start(&[("COUNTERSIGN_REQUIRE_2FA", "false")]).await;
    let browser = Browser::start(server.url(), Look::DESKTOP).await;
    tour::register(&browser, "grace@example.com", PASSWORD).await;
    assert_eq!(browser.path().await, "/account");
    for _ in 0..2 {
        assert_eq!(browser.text_of("#two-factor .badge").await, "Off");
        browser.press("a[href='/account/two-factor']").await;
        browser.fill("#password", "not-this-one-at-all").await;
        browser.press("button[name=turn]").await;
        assert!(browser.text_of("#notice").await.contains("The password is not right"));
        browser.fill("#password", PASSWORD).await;
        browser.press("button[name=turn]").await;
        let mut phone = tour::set_up(&browser).await;
        tour::keep_codes(&browser).await;
        assert_eq!(browser.text_of("#two-factor .badge").await, "On");
        browser.press("a[href='/account/two-factor']").await;
        browser.fill("#password", PASSWORD).await;
        let code = phone.code().await;
        tour::type_code(&browser, &code).await;
        assert!(browser.text().await.contains("Two-factor sign-in is off"));
    }
    browser.close().await;
}
