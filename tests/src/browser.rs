//! Headless Chromium, driven through chromedriver.

use std::{process::Stdio, time::Duration};

use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::{
    By, ChromiumLikeCapabilities as _, DesiredCapabilities, WebDriver, WebElement,
    extensions::query::ElementWaitable as _,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};

/// A browser with an empty profile of its own, at one site.
pub struct Browser {
    driver: WebDriver,
    site: String,
    _chromedriver: Child,
    _profile: TempDir,
}

/// How a browser shows pages.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// The width and height of its window, in CSS pixels.
    pub size: (u32, u32),
    /// Whether its owner prefers dark pages.
    pub dark: bool,
    /// Whether it runs scripts.
    pub scripts: bool,
}

impl Look {
    /// A desktop, light, with scripts.
    pub const DESKTOP: Self = Self { size: (1200, 900), dark: false, scripts: true };
    /// The same without scripts.
    pub const NO_SCRIPTS: Self = Self { scripts: false, ..Self::DESKTOP };
}

impl Browser {
    /// Starts one for the site at this URL.
    pub async fn start(site: &str, look: Look) -> Self {
        let (chromedriver, url) = chromedriver().await;
        let profile = TempDir::new().expect("a scratch folder");
        let mut wanted = DesiredCapabilities::chrome();
        let folder = format!("--user-data-dir={}", profile.path().display());
        for argument in [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
            &folder,
        ] {
            wanted.add_arg(argument).expect("an argument");
        }
        let scripts = if look.scripts { 1 } else { 2 };
        wanted
            .add_experimental_option(
                "prefs",
                json!({
                    "profile.managed_default_content_settings.javascript": scripts,
                    "credentials_enable_service": false,
                }),
            )
            .expect("a preference");
        let driver = WebDriver::new(&url, wanted).await.expect("Chromium starts");
        let browser = Self { driver, site: site.to_owned(), _chromedriver: chromedriver, _profile: profile };
        browser.look(look).await;
        browser
    }

    /// Changes its size and colours.
    pub async fn look(&self, look: Look) {
        let (width, height) = look.size;
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
        let scheme = if look.dark { "dark" } else { "light" };
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.devtools("Emulation.setEmulatedMedia", media).await;
    }

    /// Opens a page.
    pub async fn open(&self, path: &str) {
        self.driver.goto(format!("{}{path}", self.site)).await.expect("the page loads");
    }

    /// Loads the page again.
    pub async fn reload(&self) {
        self.driver.refresh().await.expect("the page loads again");
    }

    /// Goes back, as by the button.
    pub async fn back(&self) {
        self.driver.back().await.expect("there is a page before");
    }

    /// Where it is.
    pub async fn path(&self) -> String {
        self.driver.current_url().await.expect("it is somewhere").path().to_owned()
    }

    /// The text that can be seen on the page.
    pub async fn text(&self) -> String {
        self.text_of("body").await
    }

    /// The text of one element.
    pub async fn text_of(&self, selector: &str) -> String {
        self.find(selector).await.text().await.expect("it has a text")
    }

    /// The texts of all such elements.
    pub async fn texts(&self, selector: &str) -> Vec<String> {
        let mut texts = Vec::new();
        for element in self.driver.find_all(By::Css(selector)).await.expect("a selector") {
            texts.push(element.text().await.expect("it has a text"));
        }
        texts
    }

    /// Whether there is such an element.
    pub async fn has(&self, selector: &str) -> bool {
        !self.driver.find_all(By::Css(selector)).await.expect("a selector").is_empty()
    }

    /// An attribute of an element, which has to be there.
    pub async fn attribute(&self, selector: &str, name: &str) -> String {
        self.find(selector).await.attr(name).await.expect("an element").expect("the attribute is there")
    }

    /// Types into a field, over what is there.
    pub async fn fill(&self, selector: &str, text: &str) {
        let field = self.find(selector).await;
        field.clear().await.expect("a field");
        field.send_keys(text).await.expect("it can be typed into");
    }

    /// Presses a button or follows a link, and waits for the page behind it.
    pub async fn press(&self, selector: &str) {
        let page = self.find("html").await;
        self.find(selector).await.click().await.expect("it can be pressed");
        // A form's answer may take as long as a slow hash does.
        let gone = page.wait_until().wait(Duration::from_secs(20), Duration::from_millis(10)).stale();
        gone.await.expect("another page follows");
    }

    /// Ticks a box.
    pub async fn tick(&self, selector: &str) {
        self.find(selector).await.click().await.expect("it can be ticked");
    }

    /// A picture of one element, as PNG.
    pub async fn picture_of(&self, selector: &str) -> Vec<u8> {
        let element = self.find(selector).await;
        element.scroll_into_view().await.expect("it can be seen");
        element.screenshot_as_png().await.expect("a picture")
    }

    /// A picture of the whole page, as PNG.
    pub async fn picture(&self) -> Vec<u8> {
        let taken = self.devtools("Page.captureScreenshot", json!({"captureBeyondViewport": true})).await;
        use base64ct::{Base64, Encoding};
        Base64::decode_vec(taken["data"].as_str().expect("a picture")).expect("Base64")
    }

    /// Runs a script in the page, which returns a value. The page's own policy does not bind it.
    pub async fn run(&self, script: &str) -> Value {
        self.driver.execute(script, Vec::new()).await.expect("the script runs").json().clone()
    }

    /// Milliseconds from the request for the page, after redirects, to the first paint of its content.
    pub async fn first_paint(&self) -> f64 {
        let script = "const done = arguments[0]; const start = performance.getEntriesByType('navigation')[0].fetchStart; \
                      new PerformanceObserver((list) => list.getEntriesByName('first-contentful-paint')\
                      .forEach((paint) => done(paint.startTime - start))).observe({type: 'paint', buffered: true});";
        let paint = self.driver.execute_async(script, Vec::new()).await.expect("it paints").json().as_f64();
        paint.expect("a number")
    }

    /// What `axe-core` finds wrong on the page, each rule with the elements that break it.
    pub async fn violations(&self) -> Vec<String> {
        let axe = concat!(env!("CARGO_MANIFEST_DIR"), "/axe/node_modules/axe-core/axe.min.js");
        let axe = std::fs::read_to_string(axe).expect("axe-core is installed: scripts/setup.sh test");
        self.driver.execute(axe, Vec::new()).await.expect("axe-core loads");
        let script = "const done = arguments[0]; axe.run(document, {resultTypes: ['violations']}).then((found) => done(\
                      found.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.target + ' ' + n.failureSummary).join('; '))));";
        let found = self.driver.execute_async(script, Vec::new()).await.expect("axe-core runs").json().clone();
        found.as_array().expect("a list").iter().map(|one| one.as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Forgets all cookies, as another browser would have none.
    pub async fn forget_cookies(&self) {
        self.driver.delete_all_cookies().await.expect("cookies can be forgotten");
    }

    /// Closes it.
    pub async fn close(self) {
        self.driver.quit().await.expect("Chromium ends");
    }

    async fn find(&self, selector: &str) -> WebElement {
        match self.driver.find(By::Css(selector)).await {
            Ok(element) => element,
            Err(_) => {
                panic!("no {selector} at {}:\n{}", self.path().await, self.driver.source().await.unwrap_or_default())
            }
        }
    }

    async fn devtools(&self, method: &str, parameters: Value) -> Value {
        self.driver.cdp().send_raw(method, parameters).await.expect("Chromium does it")
    }
}

/// Starts chromedriver on a port that it finds itself.
async fn chromedriver() -> (Child, String) {
    let mut process = Command::new("chromedriver")
        .arg("--port=0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("chromedriver is installed: scripts/setup.sh test");
    let mut lines = BufReader::new(process.stdout.take().expect("stdout is piped")).lines();
    let find = async {
        while let Some(line) = lines.next_line().await.expect("text") {
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                return port.trim_end_matches('.').to_owned();
            }
        }
        panic!("chromedriver ended without naming its port");
    };
    let port = timeout(Duration::from_secs(30), find).await.expect("chromedriver names its port");
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    (process, format!("http://127.0.0.1:{port}"))
}
