//! Writes a picture of every page, at the width of a phone and of a desktop, light and dark, and says how soon each page
//! painted:
//!
//!     cargo run -p countersign-tests --bin screenshots -- FOLDER

use std::{env, fs, path::PathBuf};

use countersign_tests::{
    browser::{Browser, Look},
    server::Server,
    tour,
};

#[tokio::main]
async fn main() {
    let folder = PathBuf::from(env::args().nth(1).expect("usage: screenshots FOLDER"));
    fs::create_dir_all(&folder).expect("the folder can be made");
    let mut slowest = 0.0_f64;
    for (width, size) in [("phone", (390, 800)), ("desktop", (1200, 900))] {
        for (colours, dark) in [("light", false), ("dark", true)] {
            let look = Look { size, dark, scripts: true };
            let save = async |browser: &Browser, name: &str| {
                let paint = browser.first_paint().await;
                let weight = browser.run("return new Blob([document.documentElement.outerHTML]).size").await;
                println!("{name:24} {width:8} {colours:6} first paint {paint:5.0} ms, {weight:>6} bytes of HTML");
                slowest = slowest.max(paint);
                let file = folder.join(format!("{name}-{width}-{colours}.png"));
                fs::write(file, browser.picture().await).expect("the picture can be written");
            };
            let mut save = save;
            for (settings, optional) in [(&[][..], false), (&[("COUNTERSIGN_REQUIRE_2FA", "false")][..], true)] {
                let server = Server::start(settings).await;
                let browser = Browser::start(server.url(), look).await;
                // So that no page pays for the start of the browser.
                browser.open("/docs").await;
                if optional {
                    tour::optional_pages(&browser, &mut save).await;
                } else {
                    tour::every_page(&browser, &mut save).await;
                }
                browser.close().await;
            }
        }
    }
    println!("slowest first paint: {slowest:.0} ms");
}
