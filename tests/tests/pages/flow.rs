use countersign_tests::{
    browser::{Browser, Look},
    client::PASSWORD,
    server::Server,
    tour,
};

const ADA: &str = "ada@example.com";

#[tokio::test(flavor = "multi_thread")]
async fn somebody_registers_sets_up_signs_in_and_recovers() {
    let server = Server::start(&[]).await;
    let browser = Browser::start(server.url(), Look::DESKTOP).await;

    tour::register(&browser, ADA, PASSWORD).await;
    assert_eq!(browser.path().await, "/setup");
    // It cannot be skipped: every other page leads back.
    for path in ["/", "/account", "/account/sessions", "/login", "/login/code", "/register", "/account/two-factor"] {
        browser.open(path).await;
        assert_eq!(browser.path().await, "/setup", "{path}");
    }
    // The picture was shown once.
    assert!(!browser.has("#qr").await && !browser.has("#key").await);
    browser.press("form[action='/setup/begin'] button").await;
    assert!(browser.has("#qr").await);
    let key = browser.text_of("#key").await;
    assert_eq!(browser.attribute("#key", "data-copy").await, key.replace(' ', ""));
    assert!(key.split(' ').all(|block| block.len() == 4), "{key}");

    let mut phone = tour::set_up(&browser).await;
    assert_eq!(browser.path().await, "/backup-codes");
    // Not before they are kept.
    browser.open("/account").await;
    assert_eq!(browser.path().await, "/backup-codes");
    assert!(!browser.has("#codes").await, "shown once");
    browser.press("button[name=make]").await;
    assert_eq!(browser.path().await, "/account/backup-codes");
    let code = phone.code().await;
    tour::type_code(&browser, &code).await;
    let codes = tour::keep_codes(&browser).await;
    assert_eq!(codes.len(), 10);
    assert_eq!(browser.path().await, "/account");
    // Neither the way back nor the address shows them again.
    browser.back().await;
    assert!(!browser.text().await.contains(&codes[0]));
    browser.open("/backup-codes").await;
    assert_eq!(browser.path().await, "/account");

    // With a code.
    tour::sign_out(&browser).await;
    assert!(browser.text().await.contains("You are signed out"));
    browser.open("/account").await;
    assert_eq!(browser.path().await, "/login");
    tour::show_password(&browser, ADA).await;
    assert_eq!(browser.path().await, "/login/code");
    browser.open("/account").await;
    assert_eq!(browser.path().await, "/login", "a right password alone opens nothing");
    browser.open("/login/code").await;
    let code = phone.code().await;
    tour::type_code(&browser, &format!("{} {}", &code[..3], &code[3..])).await;
    assert_eq!(browser.path().await, "/account");

    // With a backup code.
    tour::sign_out(&browser).await;
    tour::show_password(&browser, ADA).await;
    browser.press("a[href='/login/backup-code']").await;
    browser.fill("#backup-code", &codes[3].to_lowercase()).await;
    browser.press("form.card button").await;
    assert_eq!(browser.path().await, "/account");
    assert!(browser.text().await.contains("9 left"));

    // And not with the same one again.
    tour::sign_out(&browser).await;
    tour::show_password(&browser, ADA).await;
    browser.press("a[href='/login/backup-code']").await;
    browser.fill("#backup-code", &codes[3]).await;
    browser.press("form.card button").await;
    assert!(browser.text_of("#notice").await.contains("This backup code is not right"));

    // Wrong codes to the limit, each answered with what is left.
    browser.press("a[href='/login/code']").await;
    for left in ["3 tries left", "2 tries left", "One try left", "No tries left"] {
        tour::type_code(&browser, &phone.wrong()).await;
        let notice = browser.text_of("#notice").await;
        assert!(notice.contains(left), "{left}: {notice}");
    }
    tour::show_password(&browser, ADA).await;
    tour::type_code(&browser, &phone.wrong()).await;
    assert!(browser.text_of("#notice").await.contains("Too many tries"));
    let seconds: u32 = browser.attribute(".countdown", "data-seconds").await.parse().expect("seconds");
    assert!((1..=900).contains(&seconds), "{seconds}");
    let clock = browser.text_of(".clock").await;
    assert!(clock.len() >= 4 && clock.contains(':'), "it counts: {clock}");
    browser.close().await;
}
