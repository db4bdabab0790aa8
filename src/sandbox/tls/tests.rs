//! Whether others believe the certificate: the OpenSSL command line, and the client that the gateway uses.

use std::process::Command;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::*;

const NOW: Millis = Millis(1_795_371_000_000);

/// Serves one page; answers the port.
async fn serve(authority: &Authority) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let listener = TlsListener::over(listener, authority.server_config(NOW).expect("a certificate"));
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/", get(async || "ok"))).await });
    port
}

/// Whether a client that trusts only `authority`, at the moment `NOW`, is content with the server as `host`.
async fn trusted_as(authority: &Authority, host: &str, port: u16) -> bool {
    #[derive(Debug)]
    struct Then;
    impl tokio_rustls::rustls::time_provider::TimeProvider for Then {
        fn current_time(&self) -> Option<tokio_rustls::rustls::pki_types::UnixTime> {
            let seconds = u64::try_from(NOW.0 / 1000).expect("after 1970");
            Some(tokio_rustls::rustls::pki_types::UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds)))
        }
    }
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.certificate_pem().as_bytes()).expect("PEM")).expect("a root");
    let config = ClientConfig::builder_with_details(Arc::new(aws_lc_rs::default_provider()), Arc::new(Then))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(("127.0.0.1", port)).await.expect("connected");
    let name = ServerName::try_from(host.to_owned()).expect("a name");
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.is_ok()
}

#[tokio::test]
async fn the_certificate_is_good_for_amazons_hosts_and_this_machine_and_no_other() {
    let authority = Authority::generate(NOW).expect("made");
    let port = serve(&authority).await;
    for host in HOSTS.into_iter().chain(["127.0.0.1", "::1"]) {
        assert!(trusted_as(&authority, host, port).await, "{host}");
    }
    assert!(!trusted_as(&authority, "www.amazon.co.jp", port).await);
    let other = Authority::generate(NOW).expect("made");
    assert!(!trusted_as(&other, "localhost", port).await, "of another authority");
    let restored = Authority::restore(authority.certificate_pem().to_owned(), secret(&authority)).expect("restored");
    let port = serve(&restored).await;
    assert!(trusted_as(&authority, "localhost", port).await, "after a restart");
}

fn secret(authority: &Authority) -> &'static str {
    use secrecy::ExposeSecret as _;
    Box::leak(authority.key_pem().expose_secret().to_owned().into_boxed_str())
}

#[tokio::test]
async fn clients_that_speak_no_tls_disturb_nobody() {
    use tokio::io::AsyncWriteExt as _;
    let authority = Authority::generate(NOW).expect("made");
    let port = serve(&authority).await;
    let mut silent = Vec::new();
    for _ in 0..10 {
        silent.push(TcpStream::connect(("127.0.0.1", port)).await.expect("connected"));
    }
    silent[0].write_all(b"GET / HTTP/1.1\r\n\r\n").await.expect("written");
    assert!(trusted_as(&authority, "localhost", port).await);
}

#[test]
fn openssl_reads_the_authority_as_one_that_is_limited_to_its_hosts() {
    let authority = Authority::generate(NOW).expect("made");
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("ca.pem"), authority.certificate_pem()).expect("written");
    let arguments = ["x509", "-in", "ca.pem", "-noout", "-text"];
    let output = Command::new("openssl").args(arguments).current_dir(directory.path()).output().expect("openssl");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    for part in ["CA:TRUE, pathlen:0", "DNS:pay-api.amazon.jp", "IP:127.0.0.1/255.255.255.255", "Nov 21 00:00:00 2026"]
    {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}
