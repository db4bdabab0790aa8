//! chromedriver as a child process, and one headless Chromium a test.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use axum::http::Method;
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;
use url::{ParseError, Url};

/// How long chromedriver may take to say its port, and again to end.
const DRIVER_WAIT: Duration = Duration::from_secs(20);
const DRIVER_STARTS: usize = 5;

/// Whether pages may run scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scripts {
    Run,
    /// As with a browser whose owner has switched JavaScript off.
    Off,
}

/// A chromedriver with a port of its own. It ends, with every browser it started, when this value goes: also when a
/// test panics.
pub(super) struct Driver {
    process: Child,
    port: u16,
}

impl Driver {
    /// Starts chromedriver and waits until it listens. It takes a free port twice, for both versions of IP, and ends when
    /// the second was taken by another in between: then it is started anew.
    pub(super) fn start() -> Self {
        (0..DRIVER_STARTS)
            .find_map(|_| Self::start_once())
            .unwrap_or_else(|| panic!("chromedriver ended {DRIVER_STARTS} times before it said its port"))
    }

    fn start_once() -> Option<Self> {
        let started = Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut process = started.unwrap_or_else(|error| {
            panic!("chromedriver does not start ({error}). Run ./scripts/test, which installs it and Chromium.")
        });
        let said = port_from(process.stdout.take().unwrap());
        // A driver without a port must end here, too.
        let mut driver = Self { process, port: 0 };
        driver.port = match said.recv_timeout(DRIVER_WAIT) {
            Ok(port) => port,
            Err(mpsc::RecvTimeoutError::Disconnected) => return None,
            Err(mpsc::RecvTimeoutError::Timeout) => panic!("chromedriver was silent before it said its port"),
        };
        Some(driver)
    }

    /// Opens a browser with a new profile, which lives in `profile`.
    pub(super) async fn open(&self, profile: &TempDir, scripts: Scripts) -> Client {
        let capabilities = capabilities(profile, scripts);
        let mut builder = ClientBuilder::rustls().expect("the platform's certificates can be read");
        let opened = builder.capabilities(capabilities).connect(&format!("http://127.0.0.1:{}", self.port)).await;
        opened
            .unwrap_or_else(|error| panic!("Chromium does not start ({error}). Run ./scripts/test, which installs it."))
    }

    /// Asks chromedriver to end its browsers and then itself. Killing it would leave the browsers behind.
    fn ask_to_end(&mut self) -> std::io::Result<()> {
        let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        connection.write_all(b"GET /shutdown HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")?;
        let asked = Instant::now();
        while self.process.try_wait()?.is_none() && asked.elapsed() < DRIVER_WAIT {
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Whatever goes wrong here has no one left to hear of it; the process must be gone in any case.
        let _ = self.ask_to_end();
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Reads what chromedriver says to its end, so that it never waits for a reader, and passes on the port.
fn port_from(stdout: ChildStdout) -> mpsc::Receiver<u16> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            let port = line.split_once("started successfully on port ").map(|(_, rest)| rest.trim_end_matches('.'));
            if let Some(port) = port.and_then(|port| port.parse().ok()) {
                let _ = sender.send(port);
            }
        }
    });
    receiver
}

fn capabilities(profile: &TempDir, scripts: Scripts) -> Capabilities {
    let profile = format!("--user-data-dir={}", profile.path().display());
    let args = [
        profile.as_str(),
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--hide-scrollbars",
        "--lang=ja",
        "--window-size=1100,800",
    ];
    let mut options = json!({ "args": args });
    if scripts == Scripts::Off {
        options["prefs"] = json!({ "profile.managed_default_content_settings.javascript": 2 });
    }
    let all = json!({
        "browserName": "chrome",
        "timeouts": { "pageLoad": 20_000, "script": 60_000 },
        "goog:loggingPrefs": { "browser": "ALL" },
        "goog:chromeOptions": options,
    });
    all.as_object().unwrap().clone()
}

/// A command that chromedriver adds to the WebDriver standard: a `POST` to a path of the session.
#[derive(Debug)]
struct Extra {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Extra {
    fn endpoint(&self, base: &Url, session_id: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session_id.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}

/// Sends a command of the Chrome DevTools protocol.
pub(super) async fn devtools(client: &Client, command: &str, params: Value) -> Value {
    let body = json!({ "cmd": command, "params": params });
    let answer = client.issue_cmd(Extra { path: "goog/cdp/execute", body }).await;
    answer.unwrap_or_else(|error| panic!("{command}: {error}"))
}

/// What came to the browser's console since the last call: the pages' own words, failed loads, violations of policies.
pub(super) async fn console(client: &Client) -> Vec<String> {
    let answer = client.issue_cmd(Extra { path: "se/log", body: json!({ "type": "browser" }) }).await.unwrap();
    let line = |entry: &Value| {
        let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        format!("{} {}: {}", text("level"), text("source"), text("message"))
    };
    answer.as_array().expect("a list of entries").iter().map(line).collect()
}
