//! A shopper at a browser: looks for things on pages, presses them, and takes a photograph of every page if that is wanted.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::{Client, Locator};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::driver::{self, Driver, Scripts};

/// How long a page may take to show what is looked for: far more than it needs, for a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(20);
const GLANCE: Duration = Duration::from_millis(40);

/// The size of a window's inside, in CSS pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Screen {
    width: u32,
    height: u32,
    phone: bool,
}

pub(super) const DESK: Screen = Screen { width: 1100, height: 560, phone: false };
pub(super) const PHONE: Screen = Screen { width: 390, height: 844, phone: true };

/// Somebody with a browser.
pub(super) struct Shopper {
    browser: Client,
    screen: Screen,
    /// Begins the name of every photograph.
    album: &'static str,
    // Dropped in this order: the driver ends the browser, then the browser's profile can go.
    _driver: Driver,
    _profile: TempDir,
}

impl Shopper {
    /// Opens a browser.
    pub(super) async fn new(album: &'static str, screen: Screen, scripts: Scripts) -> Self {
        let driver = Driver::start();
        let profile = tempfile::Builder::new().prefix("sekisho-browser-").tempdir().unwrap();
        let browser = driver.open(&profile, scripts).await;
        let shopper = Self { browser, screen, album, _driver: driver, _profile: profile };
        shopper.sit_before_the_screen().await;
        shopper
    }

    /// Gives the present window the screen's size.
    async fn sit_before_the_screen(&self) {
        let Screen { width, height, phone } = self.screen;
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 2, "mobile": phone });
        driver::devtools(&self.browser, "Emulation.setDeviceMetricsOverride", metrics).await;
    }

    /// Opens an address.
    pub(super) async fn open(&self, url: &str) {
        self.browser.goto(url).await.unwrap_or_else(|error| panic!("{url}: {error}"));
    }

    /// Waits for an element. While a page is being replaced, the driver may answer all sorts of errors; only the last
    /// one counts.
    pub(super) async fn see(&self, css: &str) -> Element {
        let asked = Instant::now();
        loop {
            match self.browser.find(Locator::Css(css)).await {
                Ok(element) => return element,
                Err(error) if asked.elapsed() > PATIENCE => self.give_up(css, &error).await,
                Err(_) => tokio::time::sleep(GLANCE).await,
            }
        }
    }

    async fn give_up(&self, css: &str, error: &CmdError) -> ! {
        let url = self.browser.current_url().await.map(String::from).unwrap_or_default();
        let source = self.browser.source().await.unwrap_or_default();
        panic!("{css} is not to be had at {url} ({error}):\n{source}");
    }

    /// Waits until there are this many windows, and looks at the newest that is not the present one; with one window
    /// left, at that.
    pub(super) async fn look_through_windows(&self, count: usize) {
        let asked = Instant::now();
        loop {
            let windows = self.browser.windows().await.unwrap();
            if windows.len() == count {
                let here = self.browser.window().await.ok();
                let other = windows.iter().rev().find(|window| Some(*window) != here.as_ref() || count == 1);
                self.browser.switch_to_window(other.unwrap().clone()).await.unwrap();
                self.sit_before_the_screen().await;
                return;
            }
            assert!(asked.elapsed() < PATIENCE, "there are {} windows, not {count}", windows.len());
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Closes the present window, as the buyer may.
    pub(super) async fn close_window(&self) {
        self.browser.close_window().await.unwrap();
    }

    /// Presses what leads to another page, be it the same one anew, or closes the window; waits until the present page is
    /// gone. So whatever is looked for next is looked for on the next page, even where both pages have it.
    pub(super) async fn press(&self, css: &str) {
        let left = self.press_once(css).await;
        let pressed = Instant::now();
        loop {
            match left.tag_name().await {
                Err(error) if error.is_stale_element_reference() || error.is_no_such_window() => return,
                _ if pressed.elapsed() > PATIENCE => {
                    let url = self.browser.current_url().await;
                    panic!("{css} was pressed, and the page is still there: {url:?}");
                }
                _ => tokio::time::sleep(GLANCE).await,
            }
        }
    }

    /// Presses what changes something on the page and leaves it where it is: a choice, a list that opens, a button that
    /// opens a window.
    pub(super) async fn pick(&self, css: &str) {
        self.press_once(css).await;
    }

    /// Waits for an element and presses it; answers the root of the page that it stood on.
    async fn press_once(&self, css: &str) -> Element {
        let asked = Instant::now();
        loop {
            let page = self.see(":root").await;
            let pressed = match page.find(Locator::Css(css)).await {
                Ok(element) => element.click().await,
                Err(error) => Err(error),
            };
            match pressed {
                Ok(()) => return page,
                Err(error) if asked.elapsed() > PATIENCE => self.give_up(css, &error).await,
                // Not there yet, or replaced between finding and pressing: nothing was pressed.
                Err(error) if error.is_no_such_element() || error.is_stale_element_reference() => {
                    tokio::time::sleep(GLANCE).await;
                }
                Err(error) => panic!("{css} cannot be pressed: {error}"),
            }
        }
    }

    /// Waits for an element and reads it as the shopper sees it.
    pub(super) async fn read(&self, css: &str) -> String {
        let asked = Instant::now();
        loop {
            match self.see(css).await.text().await {
                Ok(text) => return text,
                // The page was replaced between finding and reading.
                Err(error) if asked.elapsed() > PATIENCE => panic!("{css} cannot be read: {error}"),
                Err(_) => tokio::time::sleep(GLANCE).await,
            }
        }
    }

    /// Waits for a field and writes this into it, over what stood there.
    pub(super) async fn write(&self, css: &str, text: &str) {
        let field = self.see(css).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap_or_else(|error| panic!("{css} cannot be written into: {error}"));
    }

    /// Whether the page has this element now.
    pub(super) async fn has(&self, css: &str) -> bool {
        !self.browser.find_all(Locator::Css(css)).await.unwrap().is_empty()
    }

    /// Runs a script in the page, as the tester and not as the page would.
    pub(super) async fn run(&self, script: &str) -> Value {
        self.browser.execute(script, Vec::new()).await.unwrap()
    }

    /// Photographs the page by day and by night. On a phone it must fit the width.
    pub(super) async fn look(&self, name: &str) {
        if photographs_wanted() {
            self.photograph(name).await;
            self.prefer("dark").await;
            self.photograph(&format!("{name}-dark")).await;
            self.prefer("light").await;
        }
        if self.screen.phone {
            let width = self.size().await.0;
            assert!(width <= f64::from(self.screen.width), "{name} is {width} px wide on a phone");
        }
    }

    /// Sends a command of the Chrome DevTools protocol.
    pub(super) async fn devtools(&self, command: &str, params: Value) -> Value {
        driver::devtools(&self.browser, command, params).await
    }

    /// Waits until the element says this, without a reload.
    pub(super) async fn hear(&self, css: &str, text: &str) {
        let asked = Instant::now();
        loop {
            let said = self.read(css).await;
            if said.contains(text) {
                return;
            }
            assert!(asked.elapsed() < PATIENCE, "{css} says {said}, not {text}");
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// What came to the console since the last call.
    pub(super) async fn console(&self) -> Vec<String> {
        driver::console(&self.browser).await
    }

    /// Fails where a page has complained, or broken its own policy.
    pub(super) async fn expect_silent_console(&self) {
        let said = self.console().await;
        assert!(said.is_empty(), "the browser's console says:\n{}", said.join("\n"));
    }

    /// Whether pages are to be seen by day (`light`) or by night (`dark`).
    pub(super) async fn prefer(&self, scheme: &str) {
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        driver::devtools(&self.browser, "Emulation.setEmulatedMedia", features).await;
    }

    /// Width and height of the whole page in CSS pixels; works without the page's scripts.
    async fn size(&self) -> (f64, f64) {
        let metrics = driver::devtools(&self.browser, "Page.getLayoutMetrics", json!({})).await;
        let side = |name: &str| metrics["cssContentSize"][name].as_f64().expect("a number");
        (side("width"), side("height"))
    }

    /// The whole page, however long, into the album.
    async fn photograph(&self, name: &str) {
        let (width, height) = self.size().await;
        let height = height.max(f64::from(self.screen.height));
        let clip = json!({ "x": 0, "y": 0, "width": width, "height": height, "scale": 1 });
        let params = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let shot = driver::devtools(&self.browser, "Page.captureScreenshot", params).await;
        let png = BASE64.decode(shot["data"].as_str().expect("a picture")).unwrap();
        let folder = screenshots();
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{}-{name}.png", self.album)), png).unwrap();
    }
}

/// Photographs are for people, who ask for them: now and then Chromium never finishes one, and a test would hang.
fn photographs_wanted() -> bool {
    std::env::var_os("SEKISHO_PHOTOGRAPHS").is_some()
}

/// Where photographs are kept for people to look at: under `$SEKISHO_TEST_OUTPUT`, or `target/test-output`.
fn screenshots() -> PathBuf {
    let output = std::env::var_os("SEKISHO_TEST_OUTPUT")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/target/test-output")), PathBuf::from);
    output.join("screenshots")
}
