//! `sekisho sandbox`: the Amazon Pay simulator alone.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use secrecy::ExposeSecret as _;

use super::assemble::World;
use super::{print, signals};
use crate::amazonpay::generate_pem;
use crate::sandbox::{Merchant, MerchantKey, Sandbox, Settings, router};
use crate::{http, telemetry};

#[derive(Debug, Args)]
pub(super) struct SandboxArgs {
    /// The port on 127.0.0.1; 0 takes any free one.
    #[arg(long, default_value_t = 8081)]
    port: u16,
}

/// The one merchant of a sandbox that was told of no other.
const MERCHANT_ID: &str = "A1SANDBOX00001";
const STORE_ID: &str = "amzn1.application-oa2-client.00000000000000000000000000000001";
const PUBLIC_KEY_ID: &str = "SANDBOX-SANDBOXKEY00000000000001";

pub(super) async fn run(args: SandboxArgs) -> anyhow::Result<ExitCode> {
    telemetry::init(crate::telemetry::LogFormat::Text, "warn")?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, args.port));
    let listener = http::bind(address)
        .await
        .with_context(|| format!("port {} is taken; choose another with --port (0 = any free one)", args.port))?;
    let base_url = format!("http://{}", listener.local_addr()?);
    let pair = generate_pem().context("no key could be made")?;
    let merchant = Merchant {
        merchant_id: MERCHANT_ID.to_owned(),
        name: "Sandbox merchant".to_owned(),
        store_ids: vec![STORE_ID.to_owned()],
        keys: vec![MerchantKey { public_key_id: PUBLIC_KEY_ID.to_owned(), public_key_pem: pair.public_pem }],
    };
    let world = World::real();
    let settings = Settings { base_url: base_url.clone(), merchants: vec![merchant] };
    let sandbox = Sandbox::new(settings, world.clock, world.rng)?;
    print(&format!(
        "Amazon Pay sandbox on {base_url} (no money moves)\n  merchantId   {MERCHANT_ID}\n  storeId      {STORE_ID}\n  \
         publicKeyId  {PUBLIC_KEY_ID}\n  control      {base_url}/_control/\n\nThe merchant's private key, made just now:\n{}",
        pair.private_pem.expose_secret()
    ));
    http::serve(listener, router(sandbox), signals::stop_on_signal(), http::Connections::LOCAL).await?;
    Ok(ExitCode::SUCCESS)
}
