//! The shop's side: its server's calls as a shop makes them, and its receiver of notifications.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::watch;

use crate::trade::shop::{Fields, Form, Reply, authorised};

/// Calls the gateway at `url`; the shop's id and password are added.
pub(super) async fn call(http: &reqwest::Client, url: &str, name: &str, fields: &Form) -> Reply {
    let sent = http.post(format!("{url}/payment/{name}.idPass")).form(&authorised(fields)).send().await;
    match sent {
        Ok(answer) => answer.text().await.map_or(Reply::NoAnswer, |line| Reply::read(&line)),
        Err(_) => Reply::NoAnswer,
    }
}

/// Receives notifications. Its door can be shut: then whoever rings waits, and is not counted if he goes away.
pub(super) struct Receiver {
    received: Mutex<Vec<(String, Fields)>>,
    open: watch::Sender<bool>,
    at_the_door: AtomicUsize,
}

impl Receiver {
    pub(super) fn new() -> Self {
        Self { received: Mutex::default(), open: watch::Sender::new(true), at_the_door: AtomicUsize::new(0) }
    }

    /// Takes a notification in and answers it.
    pub(super) async fn receive(&self, id: &str, body: &[u8]) -> &'static str {
        let visit = Visit::begin(&self.at_the_door);
        // The sender is this receiver's own and lives as long.
        let _ = self.open.subscribe().wait_for(|open| *open).await;
        let fields = url::form_urlencoded::parse(body).into_owned().collect();
        self.received.lock().unwrap().push((id.to_owned(), fields));
        drop(visit);
        "0"
    }

    /// From here on whoever brings something waits.
    pub(super) fn shut(&self) {
        self.open.send_replace(false);
    }

    /// Once everybody who waited has gone, as those do who are killed, others are let in.
    pub(super) async fn reopen(&self) {
        let gone = async {
            while self.at_the_door.load(Ordering::SeqCst) > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), gone).await.expect("a dead process still rings");
        self.open.send_replace(true);
    }

    /// All that was received, with its id, in order.
    pub(super) fn everything(&self) -> Vec<(String, Fields)> {
        self.received.lock().unwrap().clone()
    }

    /// `(OrderID, Status)` of all that was received, in order. As in a shop, what comes again under the same id is not
    /// news: the first may have been on its way when its sender died.
    pub(super) fn received(&self) -> Vec<(String, String)> {
        let received = self.received.lock().unwrap();
        let mut known = HashSet::new();
        let news = received.iter().filter(|(id, _)| known.insert(id.as_str()));
        news.map(|(_, fields)| (fields["OrderID"].clone(), fields["Status"].clone())).collect()
    }
}

/// Somebody at the door; counted until he is let in or goes away.
struct Visit<'a>(&'a AtomicUsize);

impl<'a> Visit<'a> {
    fn begin(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
