//! The server's bounds on connections: how many at once, and how long one may be silent.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use sekisho::http::{Connections, bind, serve};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);
/// Long enough for an answer that must not come.
const A_MOMENT: Duration = Duration::from_millis(200);

async fn server(connections: Connections) -> (SocketAddr, CancellationToken) {
    let listener = bind(([127, 0, 0, 1], 0).into()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let router = Router::new().route("/", get(async || "here"));
    tokio::spawn(serve(listener, router, stop.clone(), connections));
    (address, stop)
}

async fn ask(stream: &mut TcpStream) {
    stream.write_all(b"GET / HTTP/1.1\r\nhost: test\r\n\r\n").await.unwrap();
}

async fn answer_within(stream: &mut TcpStream, limit: Duration) -> Option<String> {
    let mut bytes = vec![0; 1024];
    let length = tokio::time::timeout(limit, stream.read(&mut bytes)).await.ok()?.unwrap();
    Some(String::from_utf8_lossy(&bytes[..length]).into_owned())
}

async fn assert_served(stream: &mut TcpStream) {
    let answer = answer_within(stream, PATIENCE).await.expect("no answer");
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("here"), "{answer:?}");
}

#[tokio::test]
async fn one_connection_too_many_waits_until_another_is_closed() {
    let (address, stop) = server(Connections { max: 2, ..Connections::LOCAL }).await;
    let mut first = TcpStream::connect(address).await.unwrap();
    let mut second = TcpStream::connect(address).await.unwrap();
    for stream in [&mut first, &mut second] {
        ask(stream).await;
        assert_served(stream).await;
    }
    let mut third = TcpStream::connect(address).await.unwrap();
    ask(&mut third).await;
    assert_eq!(answer_within(&mut third, A_MOMENT).await, None, "the third connection was served");
    drop(second);
    assert_served(&mut third).await;
    ask(&mut first).await;
    assert_served(&mut first).await;
    stop.cancel();
}

#[tokio::test]
async fn a_silent_connection_is_closed_and_its_place_is_free() {
    let (address, stop) = server(Connections { max: 1, silence_ms_max: 100, ..Connections::LOCAL }).await;
    let mut silent = TcpStream::connect(address).await.unwrap();
    silent.write_all(b"GET / HT").await.unwrap();
    let mut next = TcpStream::connect(address).await.unwrap();
    ask(&mut next).await;
    assert_served(&mut next).await;
    assert_eq!(answer_within(&mut silent, PATIENCE).await.as_deref(), Some(""), "closed without an answer");
    stop.cancel();
}
