use countersign_tests::{
    browser::{Browser, Look},
    server::Server,
    tour,
};

/// Nothing that axe-core finds, nothing that the policy of the page blocks, nothing heavy, no overflow.
async fn check(browser: &Browser, name: &str) {
    let violations = browser.violations().await;
    assert!(violations.is_empty(), "{name}: {violations:#?}");
    let bytes = browser.run("return new Blob([document.documentElement.outerHTML]).size").await.as_u64();
    assert!(bytes.is_some_and(|bytes| bytes < 50_000), "{name}: {bytes:?}");
    let inline = "return document.querySelectorAll('script:not([src]), style, [style], [onclick], [onload]').length";
    assert_eq!(browser.run(inline).await, 0, "{name}");
    let elsewhere = "return performance.getEntriesByType('resource').map((one) => one.name)\
                     .filter((url) => !url.startsWith(location.origin + '/') && !url.startsWith('data:'))";
    assert_eq!(browser.run(elsewhere).await, serde_json::json!([]), "{name}");
    let overflow = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
    assert_eq!(browser.run(overflow).await, 0, "{name} is wider than its window");
}

async fn each_is_accessible_light_and_self_contained(look: Look) {
    let server = Server::start(&[]).await;
    let browser = Browser::start(server.url(), look).await;
    let mut seen = Vec::new();
    tour::every_page(&browser, async |browser: &Browser, name: &str| {
        check(browser, name).await;
        seen.push(name.to_owned());
    })
    .await;
    assert!(seen.len() >= 20, "{seen:?}");
    browser.close().await;

    let server = Server::start(&[("COUNTERSIGN_REQUIRE_2FA", "false")]).await;
    let browser = Browser::start(server.url(), look).await;
    tour::optional_pages(&browser, check).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_phone() {
    each_is_accessible_light_and_self_contained(Look { size: (360, 740), ..Look::DESKTOP }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_dark_desktop() {
    each_is_accessible_light_and_self_contained(Look { dark: true, ..Look::DESKTOP }).await;
}
