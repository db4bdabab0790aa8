//! `sekisho demo`: gateway, sandbox and demo shop in one process, ready for a buyer.

mod auto;
mod prepare;

use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::assemble::{Assembled, World};
use super::sandbox::merchants_of_shops;
use super::{print, signals};
use crate::config::{FileMode, process_environment};
use crate::telemetry::{self, LogFormat};
use crate::{demo_shop, http, sandbox};
use prepare::DataDir;

/// Where the three parties listen and where the data goes.
#[derive(Debug, Clone, Args)]
pub struct DemoArgs {
    /// The gateway's port on 127.0.0.1; 0 takes any free one.
    #[arg(long, default_value_t = 8080)]
    pub gateway_port: u16,
    /// The sandbox's port; 0 takes any free one.
    #[arg(long, default_value_t = 8081)]
    pub sandbox_port: u16,
    /// The demo shop's port; 0 takes any free one.
    #[arg(long, default_value_t = 8082)]
    pub shop_port: u16,
    /// Where keys and the gateway's database are kept. Without it they go to a temporary directory that is removed at
    /// exit.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Plays buyer and shop over HTTP, prints every step, and exits with 0 only if each ended as it must.
    #[arg(long)]
    pub auto: bool,
}

impl DemoArgs {
    /// Any free ports, a temporary directory: for tests.
    pub fn anywhere() -> Self {
        Self { gateway_port: 0, sandbox_port: 0, shop_port: 0, data: None, auto: false }
    }
}

/// A demo that is running.
pub struct Demo {
    /// Where the gateway answers.
    pub gateway_url: String,
    /// Where the sandbox answers.
    pub sandbox_url: String,
    /// Where the demo shop answers.
    pub shop_url: String,
    /// The demo's shops.
    pub shops: Vec<demo_shop::ShopAccount>,
    data: DataDir,
    stop_all: CancellationToken,
    parties: JoinSet<anyhow::Result<()>>,
}

impl Demo {
    /// Starts the three parties. When this returns, all of them answer.
    ///
    /// # Errors
    /// A port that is taken, a data directory that cannot be used: each a sentence that says what to do.
    pub async fn start(args: &DemoArgs, world: World) -> anyhow::Result<Self> {
        let gateway_listener = listen(args.gateway_port, "gateway", "--gateway-port").await?;
        let sandbox_listener = listen(args.sandbox_port, "sandbox", "--sandbox-port").await?;
        let shop_listener = listen(args.shop_port, "demo shop", "--shop-port").await?;
        let gateway_url = url_of(&gateway_listener)?;
        let sandbox_url = url_of(&sandbox_listener)?;
        let shop_url = url_of(&shop_listener)?;

        let data = DataDir::open(args.data.as_deref())?;
        let shops = prepare::shops(&data, &sandbox_url, &shop_url)?;
        let shops = shops.load_secrets(&process_environment, FileMode::OwnerOnly)?;
        let settings = prepare::gateway_settings(&data, &gateway_url, gateway_listener.local_addr()?)?;
        let deployment_key = settings.deployment_key(FileMode::OwnerOnly)?;
        let assembled = Assembled::new(settings, shops, deployment_key, world.clone()).await?;
        let accounts = prepare::accounts(assembled.gateway.shops(), &shop_url)?;
        let sandbox = sandbox::Sandbox::new(
            sandbox::Settings {
                base_url: sandbox_url.clone(),
                merchants: merchants_of_shops(assembled.gateway.shops())?,
            },
            world.clock.clone(),
            world.rng.clone(),
        )?;
        for merchant in assembled.gateway.shops().iter() {
            let ipn_url = format!("{gateway_url}/amazonpay/ipn");
            sandbox.register_ipn_endpoint(&merchant.settings.merchant_id, &ipn_url, false)?;
        }
        let shop_settings = demo_shop::Settings {
            base_url: shop_url.clone(),
            gateway_url: gateway_url.clone(),
            checkout_js_url: format!("{sandbox_url}/checkout.js"),
            merchants: accounts.clone(),
        };
        let shop = demo_shop::DemoShop::new(shop_settings, world.clock, world.rng)?;

        let stop_all = CancellationToken::new();
        let mut parties = JoinSet::new();
        let token = stop_all.clone();
        parties.spawn(async move { Ok(assembled.serve(gateway_listener, token).await?) });
        let token = stop_all.clone();
        let router = sandbox::router(Arc::clone(&sandbox));
        parties.spawn(async move { Ok(http::serve(sandbox_listener, router, token, http::Connections::LOCAL).await?) });
        let token = stop_all.clone();
        parties.spawn(async move { Ok(sandbox::ipn::run(sandbox, token).await?) });
        let token = stop_all.clone();
        let router = demo_shop::router(shop);
        parties.spawn(async move { Ok(http::serve(shop_listener, router, token, http::Connections::LOCAL).await?) });
        Ok(Self { gateway_url, sandbox_url, shop_url, shops: accounts, data, stop_all, parties })
    }

    /// The gateway's database file.
    pub fn database(&self) -> PathBuf {
        self.data.database()
    }

    /// Ends all three in order and removes a temporary directory.
    ///
    /// # Errors
    /// What the first of them that ended badly says.
    pub async fn end(mut self) -> anyhow::Result<()> {
        self.stop_all.cancel();
        while let Some(ended) = self.parties.join_next().await {
            ended.context("a party did not end well")??;
        }
        Ok(())
    }

    /// Waits until one of the parties ends by itself, which none should.
    async fn broken(&mut self) -> anyhow::Error {
        match self.parties.join_next().await {
            Some(Ok(Err(error))) => error,
            Some(Err(error)) => error.into(),
            Some(Ok(Ok(()))) | None => anyhow::anyhow!("a party of the demo has stopped"),
        }
    }

    fn welcome(&self) -> String {
        let mut text = format!(
            "Sekisho demo: nothing here moves money.\n\n  demo shop  {shop}\n  gateway    {gateway}\n  sandbox    {sandbox}   \
             (its own console; control API: {sandbox}/_control/)\n\nShops:\n",
            shop = self.shop_url,
            gateway = self.gateway_url,
            sandbox = self.sandbox_url,
        );
        for shop in &self.shops {
            let _ = writeln!(
                text,
                "  {}  ShopPass {}  publicKeyId {}  {}",
                shop.shop_id, shop.shop_pass, shop.public_key_id, shop.name
            );
        }
        let _ = write!(
            text,
            "\nData: {}\n\nOpen {} in a browser, put something in the cart, and press the Amazon Pay button.\n\
             Stop with Ctrl-C.\n",
            self.data.describe(),
            self.shop_url,
        );
        text
    }
}

pub(super) async fn run(args: DemoArgs) -> anyhow::Result<ExitCode> {
    let filter = process_environment("RUST_LOG").unwrap_or_else(|| "warn".to_owned());
    telemetry::init(LogFormat::Text, &filter)?;
    // Heard from the beginning, or a signal that comes early would leave the temporary directory behind.
    let stop = signals::stop_on_signal();
    let mut demo = Demo::start(&args, World::real()).await?;
    if args.auto {
        let all_well = tokio::select! {
            all_well = auto::run(&demo) => all_well,
            () = stop.cancelled() => Ok(false),
        };
        demo.end().await?;
        return Ok(if all_well? { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    print(&demo.welcome());
    tokio::select! {
        () = stop.cancelled() => {}
        error = demo.broken() => return Err(error),
    }
    demo.end().await?;
    Ok(ExitCode::SUCCESS)
}

async fn listen(port: u16, party: &str, flag: &str) -> anyhow::Result<TcpListener> {
    http::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await.map_err(|error| {
        if error.kind() == std::io::ErrorKind::AddrInUse {
            anyhow::anyhow!("port {port} for the {party} is taken; choose another with {flag} (0 = any free one)")
        } else {
            anyhow::anyhow!("cannot listen on port {port} for the {party} ({error}); choose another with {flag}")
        }
    })
}

fn url_of(listener: &TcpListener) -> anyhow::Result<String> {
    Ok(format!("http://{}", listener.local_addr()?))
}
