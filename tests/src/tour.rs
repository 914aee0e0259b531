//! Somebody who goes through the pages in a browser.

use crate::{browser::Browser, client::PASSWORD, phone::Phone};

/// Fills in the form for a new account.
pub async fn register(browser: &Browser, email: &str, password: &str) {
    browser.open("/register").await;
    browser.fill("#email", email).await;
    browser.fill("#password", password).await;
    browser.press("form.card button:not([type])").await;
}

/// Scans the QR code off the page with a camera, and types the code that the phone shows.
pub async fn set_up(browser: &Browser) -> Phone {
    let mut phone = Phone::scanning(&browser.picture_of("#qr").await);
    let code = phone.code().await;
    type_code(browser, &code).await;
    phone
}

/// Reads the backup codes off the page and says that they are kept.
pub async fn keep_codes(browser: &Browser) -> Vec<String> {
    let codes = browser.texts("#codes code").await;
    browser.tick("#kept").await;
    browser.press("form.card button:not([type])").await;
    codes
}

/// The first step of a sign-in.
pub async fn show_password(browser: &Browser, email: &str) {
    browser.open("/login").await;
    browser.fill("#email", email).await;
    browser.fill("#password", PASSWORD).await;
    browser.press("form.card button:not([type])").await;
}

/// Types a code into the page's field for one.
pub async fn type_code(browser: &Browser, code: &str) {
    browser.fill("#code", code).await;
    browser.press("form.card:has(#code) button:not([type])").await;
}

/// Presses "Sign out".
pub async fn sign_out(browser: &Browser) {
    browser.press("header form button").await;
}

/// Shows `visit` every page of a server that demands a second factor, by its name.
pub async fn every_page(browser: &Browser, mut visit: impl AsyncFnMut(&Browser, &str)) {
    let ada = "ada@example.com";
    browser.open("/").await;
    visit(browser, "home").await;
    register(browser, ada, "password123").await;
    visit(browser, "register-refused").await;
    browser.open("/register").await;
    visit(browser, "register").await;
    register(browser, ada, PASSWORD).await;
    visit(browser, "setup").await;
    let mut phone = Phone::scanning(&browser.picture_of("#qr").await);
    browser.reload().await;
    visit(browser, "setup-seen").await;
    type_code(browser, &phone.wrong()).await;
    visit(browser, "setup-refused").await;
    let code = phone.code().await;
    type_code(browser, &code).await;
    visit(browser, "backup-codes").await;
    browser.reload().await;
    visit(browser, "backup-codes-seen").await;
    browser.tick("#kept").await;
    browser.press("form.card button").await;
    for (path, name) in [
        ("/account", "account"),
        ("/account/sessions", "sessions"),
        ("/account/activity", "activity"),
        ("/account/password", "password"),
        ("/account/backup-codes", "new-backup-codes"),
        ("/account/factors", "add-authenticator"),
        ("/account/two-factor", "two-factor-required"),
        ("/nothing-here", "not-found"),
    ] {
        browser.open(path).await;
        visit(browser, name).await;
    }
    browser.open("/account").await;
    browser.press(".rows a.button").await;
    visit(browser, "authenticator").await;
    sign_out(browser).await;
    visit(browser, "login").await;
    show_password(browser, ada).await;
    visit(browser, "code").await;
    type_code(browser, &phone.wrong()).await;
    visit(browser, "code-refused").await;
    for _ in 0..4 {
        type_code(browser, &phone.wrong()).await;
    }
    show_password(browser, ada).await;
    type_code(browser, &phone.wrong()).await;
    visit(browser, "code-limited").await;
    browser.open("/login/backup-code").await;
    visit(browser, "backup-code").await;
}

/// Shows `visit` the pages that only a server has that leaves the second factor to people.
pub async fn optional_pages(browser: &Browser, mut visit: impl AsyncFnMut(&Browser, &str)) {
    register(browser, "grace@example.com", PASSWORD).await;
    visit(browser, "account-off").await;
    browser.press("main a.button").await;
    visit(browser, "turn-on").await;
    browser.fill("#password", PASSWORD).await;
    browser.press("form.card button:not([type])").await;
    visit(browser, "setup-optional").await;
    set_up(browser).await;
    keep_codes(browser).await;
    browser.open("/account/two-factor").await;
    visit(browser, "turn-off").await;
    browser.open("/account").await;
    browser.press(".rows a.button").await;
    visit(browser, "authenticator-optional").await;
}
