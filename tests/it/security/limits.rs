//! Bounds of a request: how long its head may take, how long it may be, how long the whole may last; and that work on
//! money goes on whatever becomes of the request.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use sekisho::domain::Status;
use sekisho::http::{HEAD_BYTES_MAX, HEADERS_MAX};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{Order, Stage, eventually};

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

async fn connected(stage: &Stage) -> TcpStream {
    let address: SocketAddr = stage.gateway_url.trim_start_matches("http://").parse().unwrap();
    TcpStream::connect(address).await.unwrap()
}

/// Whatever comes until the other end closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A connection that is cut is closed, too.
    drop(tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("it is closed"));
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test]
async fn a_head_that_trickles_in_is_cut_off() {
    let stage = Stage::with(|plan| plan.settings.head_timeout_ms = 1_000).await;
    let mut slow = connected(&stage).await;
    let begun = Instant::now();
    let (mut reading, mut writing) = slow.split();
    let trickle = async {
        for byte in b"GET /healthz HTTP/1.1\r\nhost: x\r\nx-slow: ".iter().chain(std::iter::repeat(&b'a')) {
            if writing.write_all(&[*byte]).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let mut bytes = Vec::new();
    tokio::select! {
        _ = reading.read_to_end(&mut bytes) => {}
        () = trickle => {}
        () = tokio::time::sleep(PATIENCE) => panic!("it is still open"),
    }
    assert!(begun.elapsed() >= Duration::from_millis(900));
    assert!(!String::from_utf8_lossy(&bytes).contains("200 OK"));
}

#[tokio::test]
async fn a_head_with_too_much_in_it_is_refused() {
    let stage = Stage::new().await;
    let many = (0..=HEADERS_MAX).map(|n| format!("x-{n}: y\r\n")).collect::<Vec<_>>().concat();
    let long = format!("x: {}\r\n", "y".repeat(HEAD_BYTES_MAX));
    for (what, headers, status) in [("few", "x: y\r\n".to_owned(), "200"), ("many", many, "431"), ("long", long, "431")]
    {
        let mut stream = connected(&stage).await;
        let request = format!("GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n");
        // The answer may come before everything is written.
        drop(stream.write_all(request.as_bytes()).await);
        let answer = rest(&mut stream).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{what}: {answer}");
    }
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_answered_and_its_work_goes_on() {
    let stage = Stage::with(|plan| {
        plan.settings.request_timeout_ms = 1_000;
        plan.settings.amazon_total_ms = 30_000;
        plan.settings.amazon_attempt_timeout_ms = 30_000;
    })
    .await;
    let (entered, _) = stage.paid(Order::auth("limit-1")).await;
    stage.fault("captureCharge", 1, json!({"delay_ms": 6_000})).await;
    let begun = Instant::now();
    let answer = entered.sell(stage.shop(), "1980", "198").await;
    assert_eq!(answer.errors(), "E90010001", "look it up");
    assert!(begun.elapsed() < Duration::from_millis(5_500), "before Amazon answers");
    eventually("the sale is made", async || {
        (stage.transaction(&entered.access_id).await.status() == Status::Sales).then_some(())
    })
    .await;
    assert_eq!(stage.moved("captured").await, [2178], "once");
}
