//! `sekisho sandbox`: the Amazon Pay simulator alone.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use secrecy::ExposeSecret as _;

use super::assemble::World;
use super::sandbox_tls::KeptAuthority;
use super::{print, signals};
use crate::amazonpay::generate_pem;
use crate::config::{FileMode, ShopsFile, process_environment};
use crate::flow::{Shop, Shops};
use crate::sandbox::buyers::{self, Buyers};
use crate::sandbox::tls::TlsListener;
use crate::sandbox::{Merchant, MerchantKey, Sandbox, Settings, ipn, router};
use crate::{http, telemetry};

#[derive(Debug, Args)]
pub(super) struct SandboxArgs {
    /// The port on 127.0.0.1; 0 takes any free one.
    #[arg(long, default_value_t = 8081)]
    port: u16,
    /// The merchants are the shops of this shops.toml, with their keys, instead of one made at start.
    #[arg(long, value_name = "FILE")]
    shops_file: Option<PathBuf>,
    /// Speaks HTTPS, as the official SDKs demand, with a certificate authority of its own. Its certificate is good for
    /// localhost, 127.0.0.1 and Amazon Pay's hosts.
    #[arg(long)]
    tls: bool,
    /// The buyers of this TOML file live in the sandbox, instead of the three ready ones.
    #[arg(long, value_name = "FILE")]
    buyers: Option<PathBuf>,
    /// Keeps the certificate authority here, so that clients which trust it trust the next start, too.
    #[arg(long, value_name = "DIR", requires = "tls")]
    tls_dir: Option<PathBuf>,
    /// Where the messages (IPN) of every merchant go, such as http://127.0.0.1:8080/amazonpay/ipn.
    #[arg(long, value_name = "URL")]
    ipn_url: Option<String>,
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
    let base_url = base_url(listener.local_addr()?, args.tls);
    let (merchants, welcome) = match &args.shops_file {
        Some(file) => merchants_of(file)?,
        None => made_merchant()?,
    };
    let world = World::real();
    let merchant_ids: Vec<_> = merchants.iter().map(|merchant| merchant.merchant_id.clone()).collect();
    let settings = Settings { base_url: base_url.clone(), merchants };
    let now = world.clock.now();
    let sandbox = Sandbox::new(settings, world.clock, world.rng)?;
    for merchant_id in args.ipn_url.iter().flat_map(|_| &merchant_ids) {
        sandbox.register_ipn_endpoint(merchant_id, args.ipn_url.as_deref().unwrap_or_default(), false)?;
    }
    // Lives as long as the sandbox serves.
    let tls = args.tls.then(|| KeptAuthority::open(args.tls_dir.as_deref(), now)).transpose()?;
    let trust = tls.as_ref().map_or_else(String::new, |tls| {
        format!("  trust this   {}   (the sandbox's certificate authority)\n", tls.certificate_file.display())
    });
    if let Some(file) = &args.buyers {
        sandbox.inhabit(buyers_of(file)?);
    }
    print(&format!(
        "Amazon Pay sandbox on {base_url} (no money moves)\n  control      {base_url}/_control/\n{trust}{welcome}"
    ));
    let stop = signals::stop_on_signal();
    let messages = tokio::spawn(ipn::run(Arc::clone(&sandbox), stop.clone()));
    let bounds = http::Connections::LOCAL;
    match tls {
        None => http::serve(listener, router(sandbox), stop, bounds).await?,
        Some(tls) => {
            let listener = TlsListener::over(http::bounded(listener, &bounds), tls.authority.server_config(now)?);
            http::serve_on(listener, router(sandbox), stop, bounds.grace_ms).await?;
        }
    }
    messages.await??;
    Ok(ExitCode::SUCCESS)
}

/// The buyers of a file.
fn buyers_of(file: &Path) -> anyhow::Result<Buyers> {
    let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    buyers::parse(&text).with_context(|| format!("{} is no file of buyers", file.display()))
}

/// What browsers and clients write before a path. The usual port is left out, as they leave it out.
fn base_url(address: SocketAddr, tls: bool) -> String {
    match (tls, address.port()) {
        (true, 443) => format!("https://{}", address.ip()),
        (true, _) => format!("https://{address}"),
        (false, 80) => format!("http://{}", address.ip()),
        (false, _) => format!("http://{address}"),
    }
}

/// The shops of a `shops.toml`, and a line about each.
fn merchants_of(shops_file: &Path) -> anyhow::Result<(Vec<Merchant>, String)> {
    let file = ShopsFile::read(shops_file)?;
    let shops = Shops::open(file.load_secrets(&process_environment, FileMode::OwnerOnly)?)?;
    let line = |shop: &Arc<Shop>| {
        format!("  {}  merchantId {}  {}\n", shop.id, shop.settings.merchant_id, shop.settings.public_key_id)
    };
    Ok((merchants_of_shops(&shops)?, shops.iter().map(line).collect()))
}

/// What the sandbox has to know of the shops' accounts.
pub(super) fn merchants_of_shops(shops: &Shops) -> anyhow::Result<Vec<Merchant>> {
    let merchant = |shop: &Arc<Shop>| {
        let public_key_pem = shop.merchant.key().public_pem()?;
        let public_key_id = shop.settings.public_key_id.clone();
        Ok(Merchant {
            merchant_id: shop.settings.merchant_id.clone(),
            name: shop.settings.store_name.clone(),
            store_ids: vec![shop.settings.store_id.clone()],
            keys: vec![MerchantKey { public_key_id, public_key_pem }],
            ..Merchant::default()
        })
    };
    shops.iter().map(merchant).collect()
}

/// A merchant with a new key, and all that a program needs to act as that merchant.
fn made_merchant() -> anyhow::Result<(Vec<Merchant>, String)> {
    let pair = generate_pem().context("no key could be made")?;
    let merchant = Merchant {
        merchant_id: MERCHANT_ID.to_owned(),
        name: "Sandbox merchant".to_owned(),
        store_ids: vec![STORE_ID.to_owned()],
        keys: vec![MerchantKey { public_key_id: PUBLIC_KEY_ID.to_owned(), public_key_pem: pair.public_pem }],
        ..Merchant::default()
    };
    let welcome = format!(
        "  merchantId   {MERCHANT_ID}\n  storeId      {STORE_ID}\n  publicKeyId  {PUBLIC_KEY_ID}\n\n\
         The merchant's private key, made just now:\n{}",
        pair.private_pem.expose_secret()
    );
    Ok((vec![merchant], welcome))
}
