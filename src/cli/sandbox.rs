//! `sekisho sandbox`: the Amazon Pay simulator alone.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use secrecy::ExposeSecret as _;

use super::assemble::World;
use super::sandbox_tls::KeptAuthority;
use super::{print, signals};
use crate::amazonpay::{self, generate_pem};
use crate::config::{FileMode, MerchantEntry, MerchantsFile, PublicKeyEntry, ShopsFile, process_environment};
use crate::flow::{Shop, Shops};
use crate::sandbox::buyers::{self, Buyers};
use crate::sandbox::ledger::Currency;
use crate::sandbox::signature::Keyring;
use crate::sandbox::tls::TlsListener;
use crate::sandbox::{Merchant, MerchantKey, Sandbox, Settings, Throttling, ipn, router};
use crate::{http, telemetry};

#[derive(Debug, Args)]
pub(super) struct SandboxArgs {
    /// The port on 127.0.0.1; 0 takes any free one.
    #[arg(long, default_value_t = 8081)]
    port: u16,
    /// Who may call: [[merchant]] with merchant_id, store_ids, and [[merchant.key]] with public_key_id and
    /// public_key_file. Without it, one merchant with a key made at start.
    #[arg(long, value_name = "FILE")]
    merchants: Option<PathBuf>,
    /// The merchants are the shops of this shops.toml, with their keys.
    #[arg(long, value_name = "FILE", conflicts_with = "merchants")]
    shops_file: Option<PathBuf>,
    /// Keeps everything in this SQLite file, so that it survives a restart. Without it, it is gone at the end.
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// Refuses merchants who call too often, by the quotas of Amazon's sandbox or of production.
    #[arg(long, value_name = "QUOTAS", default_value = "off")]
    throttle: Quotas,
    /// Speaks HTTPS, as the official SDKs demand, with a certificate authority of its own. Its certificate is good for
    /// localhost, 127.0.0.1 and Amazon Pay's hosts.
    #[arg(long)]
    tls: bool,
    /// The buyers of this TOML file live in the sandbox, besides the three ready ones.
    #[arg(long, value_name = "FILE")]
    buyers: Option<PathBuf>,
    /// Keeps the certificate authority here, so that clients which trust it trust the next start, too.
    #[arg(long, value_name = "DIR", requires = "tls")]
    tls_dir: Option<PathBuf>,
    /// Where the messages (IPN) of every merchant go, such as http://127.0.0.1:8080/amazonpay/ipn; of those without an
    /// ipn_url of their own.
    #[arg(long, value_name = "URL")]
    ipn_url: Option<String>,
}

/// Words for [`Throttling`].
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Quotas {
    Off,
    Sandbox,
    Production,
}

impl From<Quotas> for Throttling {
    fn from(quotas: Quotas) -> Self {
        match quotas {
            Quotas::Off => Self::Off,
            Quotas::Sandbox => Self::Sandbox,
            Quotas::Production => Self::Production,
        }
    }
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
    let (mut merchants, welcome) = match (&args.merchants, &args.shops_file) {
        (Some(file), _) => merchants_in(file)?,
        (None, Some(file)) => merchants_of(file)?,
        (None, None) => made_merchant()?,
    };
    let world = World::real();
    for merchant in &mut merchants {
        merchant.ipn_url = merchant.ipn_url.take().or_else(|| args.ipn_url.clone());
    }
    let endpoint = |merchant: &Merchant| Some((merchant.merchant_id.clone(), merchant.ipn_url.clone()?));
    let endpoints: Vec<(String, String)> = merchants.iter().filter_map(endpoint).collect();
    let settings = Settings { base_url: base_url.clone(), merchants };
    let now = world.clock.now();
    let sandbox = match &args.data {
        Some(file) => Sandbox::kept_in(file, settings, world.clock, world.rng).await?,
        None => Sandbox::new(settings, world.clock, world.rng)?,
    };
    sandbox.throttle(args.throttle.into());
    for (merchant_id, ipn_url) in endpoints {
        sandbox.register_ipn_endpoint(&merchant_id, &ipn_url, false)?;
    }
    // Lives as long as the sandbox serves.
    let tls = args.tls.then(|| KeptAuthority::open(args.tls_dir.as_deref(), now)).transpose()?;
    let trust = tls.as_ref().map_or_else(String::new, |tls| {
        format!("  trust this   {}   (the sandbox's certificate authority)\n", tls.certificate_file.display())
    });
    if let Some(file) = &args.buyers {
        sandbox.inhabit(buyers::ready().and(buyers_of(file)?));
    }
    print(&format!(
        "Amazon Pay sandbox on {base_url} (no money moves)\n  console      {base_url}/\n  control      {base_url}/_control/\n{trust}{welcome}"
    ));
    let stop = signals::stop_on_signal();
    let messages = tokio::spawn(ipn::run(Arc::clone(&sandbox), stop.clone()));
    let bounds = http::Connections::LOCAL;
    match tls {
        None => http::serve(listener, router(sandbox), stop, bounds).await?,
        Some(tls) => {
            let listener = TlsListener::over(http::bounded(listener, &bounds), tls.authority.server_config(now)?);
            http::serve_on(listener, router(sandbox), stop, bounds).await?;
        }
    }
    messages.await??;
    Ok(ExitCode::SUCCESS)
}

/// The merchants of a `merchants.toml`, and a line about each.
fn merchants_in(file: &Path) -> anyhow::Result<(Vec<Merchant>, String)> {
    let file = MerchantsFile::read(file, &|pem| Keyring::check(pem))?;
    let merchants: Vec<Merchant> = file.merchants.into_iter().map(merchant).collect();
    let line = |merchant: &Merchant| {
        let ids: Vec<&str> = merchant.keys.iter().map(|key| key.public_key_id.as_str()).collect();
        format!("  merchantId {}  {}  {}\n", merchant.merchant_id, merchant.ledger_currency.as_str(), ids.join(" "))
    };
    let welcome = merchants.iter().map(line).collect();
    Ok((merchants, welcome))
}

fn merchant(entry: MerchantEntry) -> Merchant {
    let key =
        |key: PublicKeyEntry| MerchantKey { public_key_id: key.public_key_id, public_key_pem: key.public_key_pem };
    Merchant {
        merchant_id: entry.merchant_id,
        name: entry.name,
        store_ids: entry.store_ids,
        keys: entry.keys.into_iter().map(key).collect(),
        ledger_currency: Currency::parse(entry.ledger_currency).unwrap_or_default(),
        ipn_url: entry.ipn_url,
    }
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
    let line = |shop: Arc<Shop>| {
        format!("  {}  merchantId {}  {}\n", shop.id, shop.settings.merchant_id, shop.settings.public_key_id)
    };
    Ok((merchants_of_shops(&shops)?, shops.iter().map(line).collect()))
}

/// What the sandbox has to know of the shops' accounts.
pub(super) fn merchants_of_shops(shops: &Shops) -> anyhow::Result<Vec<Merchant>> {
    let merchant = |shop: Arc<Shop>| {
        let key = |account: &amazonpay::Merchant| {
            let public_key_pem = account.key().public_pem()?;
            Ok(MerchantKey { public_key_id: account.public_key_id().to_owned(), public_key_pem })
        };
        let keys = [Some(&shop.merchant), shop.other_merchant.as_ref()].into_iter().flatten().map(key);
        Ok(Merchant {
            merchant_id: shop.settings.merchant_id.clone(),
            name: shop.settings.store_name.clone(),
            store_ids: vec![shop.settings.store_id.clone()],
            keys: keys.collect::<anyhow::Result<_>>()?,
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
