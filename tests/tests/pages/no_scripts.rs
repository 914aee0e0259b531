use countersign_tests::{
    browser::{Browser, Look},
    client::PASSWORD,
    server::Server,
    tour,
};

#[tokio::test(flavor = "multi_thread")]
async fn everything_works_without_scripts() {
    let server = Server::start(&[]).await;
    let browser = Browser::start(server.url(), Look::NO_SCRIPTS).await;
    tour::register(&browser, "ada@example.com", PASSWORD).await;
    // The copy button is made visible by the script, which does not run.
    assert!(browser.has("[data-copies][hidden]").await);
    let mut phone = tour::set_up(&browser).await;
    let link = browser.attribute("a[download]", "href").await;
    let codes = tour::keep_codes(&browser).await;
    assert!(codes.iter().all(|code| link.contains(code.as_str())), "the text to download has them all");
    tour::sign_out(&browser).await;
    tour::show_password(&browser, "ada@example.com").await;
    tour::type_code(&browser, &phone.wrong()).await;
    assert!(browser.text_of("#notice").await.contains("4 tries left"));
    let code = phone.code().await;
    tour::type_code(&browser, &code).await;
    assert_eq!(browser.path().await, "/account");
    browser.open("/account/backup-codes").await;
    tour::type_code(&browser, &codes[0]).await;
    assert_eq!(tour::keep_codes(&browser).await.len(), 10);
    browser.close().await;
}
