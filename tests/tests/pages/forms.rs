use countersign_tests::{client::PASSWORD, server::Server};
use reqwest::{
    StatusCode,
    header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, COOKIE, ORIGIN, SET_COOKIE},
    redirect::Policy,
};

/// The cookie of the forms and the token of one, as a page gives them.
async fn form(http: &reqwest::Client, url: &str) -> (String, String) {
    let page = http.get(format!("{url}/register")).send().await.expect("an answer");
    let cookie = page.headers()[SET_COOKIE].to_str().expect("text").split(';').next().expect("a pair").to_owned();
    let html = page.text().await.expect("HTML");
    let token = html.split("name=\"token\" value=\"").nth(1).expect("a token").split('"').next().expect("its end");
    (cookie, token.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_is_taken_only_from_the_browser_it_was_made_for() {
    let server = Server::start(&[]).await;
    let http = reqwest::Client::builder().redirect(Policy::none()).build().expect("a client");
    let (cookie, token) = form(&http, server.url()).await;
    let (other_cookie, other_token) = form(&http, server.url()).await;
    let send = async |cookie: Option<&str>, token: &str, origin: &str, email: &str| {
        let body = format!("token={token}&email={email}&password={PASSWORD}");
        let mut request = http
            .post(format!("{}/register", server.url()))
            .header("content-type", "application/x-www-form-urlencoded")
            .header(ORIGIN, origin)
            .body(body);
        if let Some(cookie) = cookie {
            request = request.header(COOKIE, cookie);
        }
        request.send().await.expect("an answer").status()
    };
    let refused = StatusCode::FORBIDDEN;
    let own = server.url();
    assert_eq!(send(None, &token, own, "a%40example.com").await, refused);
    assert_eq!(send(Some(&cookie), "", own, "a%40example.com").await, refused);
    assert_eq!(send(Some(&cookie), &other_token, own, "a%40example.com").await, refused);
    assert_eq!(send(Some(&other_cookie), &token, own, "a%40example.com").await, refused);
    assert_eq!(send(Some(&cookie), &token, "https://example.com", "a%40example.com").await, refused);
    assert_eq!(send(Some(&cookie), &token, own, "a%40example.com").await, StatusCode::SEE_OTHER);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_strict_and_kept_nowhere_and_their_files_are_kept() {
    let server = Server::start(&[]).await;
    let http = reqwest::Client::new();
    let page = http.get(format!("{}/login", server.url())).send().await.expect("an answer");
    assert_eq!(page.headers()[CACHE_CONTROL], "no-store");
    let policy = page.headers()[CONTENT_SECURITY_POLICY].to_str().expect("text").to_owned();
    assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe"), "{policy}");
    let html = page.text().await.expect("HTML");
    let style = html.split("href=\"/assets/").nth(1).expect("a stylesheet").split('"').next().expect("its end");
    let style = http.get(format!("{}/assets/{style}", server.url())).send().await.expect("an answer");
    assert!(style.headers()[CACHE_CONTROL].to_str().expect("text").contains("immutable"));
}

#[tokio::test(flavor = "multi_thread")]
async fn people_get_a_page_and_programs_a_problem() {
    let server = Server::start(&[]).await;
    let http = reqwest::Client::new();
    let ask = async |path: &str, accept: &str| {
        let answer =
            http.get(format!("{}{path}", server.url())).header("accept", accept).send().await.expect("an answer");
        (answer.status().as_u16(), answer.headers()["content-type"].to_str().expect("text").to_owned())
    };
    assert_eq!(ask("/nothing", "text/html").await, (404, "text/html; charset=utf-8".to_owned()));
    assert_eq!(ask("/nothing", "*/*").await, (404, "application/problem+json".to_owned()));
    assert_eq!(ask("/api/v1/nothing", "text/html").await, (404, "application/problem+json".to_owned()));
}
