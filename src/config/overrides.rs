//! Flags and environment variables that stand over `sekisho.toml`. A flag is named as its key, with hyphens; the
//! variable as `SEKISHO_` and the key in capitals. What they may hold, [`super::GatewaySettings`] checks.

use std::path::PathBuf;

/// What a command line may say about the gateway's settings; `#[command(flatten)]` it into a subcommand. `None` leaves
/// the file's value or the default.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Settings (each also a key of sekisho.toml)")]
pub struct GatewayOverrides {
    /// The settings file [default: sekisho.toml in the current directory, if it is there]
    #[arg(long, env = "SEKISHO_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The address and port to listen on
    #[arg(long, env = "SEKISHO_LISTEN", value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// The address under which buyers reach the gateway
    #[arg(long, env = "SEKISHO_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// The database file
    #[arg(long, env = "SEKISHO_DATABASE", value_name = "FILE")]
    pub database: Option<String>,
    /// shops.toml
    #[arg(long, env = "SEKISHO_SHOPS_FILE", value_name = "FILE")]
    pub shops_file: Option<String>,
    /// The file with the deployment key
    #[arg(long, env = "SEKISHO_DEPLOYMENT_KEY_FILE", value_name = "FILE")]
    pub deployment_key_file: Option<String>,
    /// The id of the deployment key
    #[arg(long, env = "SEKISHO_DEPLOYMENT_KEY_ID", value_name = "ID")]
    pub deployment_key_id: Option<String>,
    /// How long a buyer's return waits for the first notification attempt
    #[arg(long, env = "SEKISHO_NOTIFY_WAIT_MS", value_name = "MS")]
    pub notify_wait_ms: Option<u32>,
    /// The longest request body that is read
    #[arg(long, env = "SEKISHO_BODY_BYTES_MAX", value_name = "BYTES")]
    pub body_bytes_max: Option<u32>,
    /// How long a client may take to send a request's head
    #[arg(long, env = "SEKISHO_HEAD_TIMEOUT_MS", value_name = "MS")]
    pub head_timeout_ms: Option<u32>,
    /// How long a client may take to send a request's body
    #[arg(long, env = "SEKISHO_REQUEST_TIMEOUT_MS", value_name = "MS")]
    pub request_timeout_ms: Option<u32>,
    /// How many requests of one shop are worked on at once
    #[arg(long, env = "SEKISHO_SHOP_REQUESTS_MAX", value_name = "COUNT")]
    pub shop_requests_max: Option<u32>,
    /// How many connections are open at once
    #[arg(long, env = "SEKISHO_CONNECTIONS_MAX", value_name = "COUNT")]
    pub connections_max: Option<u32>,
    /// Networks of proxies that are believed for whom they call, with commas between them
    #[arg(long, env = "SEKISHO_TRUSTED_PROXIES", value_name = "NETWORKS")]
    pub trusted_proxies: Option<String>,
    /// Networks inside that notifications may go to, with commas between them
    #[arg(long, env = "SEKISHO_EGRESS_ALLOW", value_name = "NETWORKS")]
    pub egress_allow: Option<String>,
    /// The SNS topics whose messages are heeded, with commas between them
    #[arg(long, env = "SEKISHO_IPN_TOPICS", value_name = "ARNS")]
    pub ipn_topics: Option<String>,
    /// How long requests may go on after the signal to stop
    #[arg(long, env = "SEKISHO_SHUTDOWN_GRACE_MS", value_name = "MS")]
    pub shutdown_grace_ms: Option<u32>,
    /// How long one attempt at Amazon may take
    #[arg(long, env = "SEKISHO_AMAZON_ATTEMPT_TIMEOUT_MS", value_name = "MS")]
    pub amazon_attempt_timeout_ms: Option<u32>,
    /// How long all attempts of one call to Amazon may take
    #[arg(long, env = "SEKISHO_AMAZON_TOTAL_MS", value_name = "MS")]
    pub amazon_total_ms: Option<u32>,
    /// How long after an answer was lost Amazon is asked what became of the operation
    #[arg(long, env = "SEKISHO_RECONCILE_FIRST_LOOK_MS", value_name = "MS")]
    pub reconcile_first_look_ms: Option<u32>,
    /// How often such operations are looked for
    #[arg(long, env = "SEKISHO_RECONCILE_EVERY_MS", value_name = "MS")]
    pub reconcile_every_ms: Option<u32>,
    /// How log lines are written: text or json
    #[arg(long, env = "SEKISHO_LOG_FORMAT", value_name = "FORMAT")]
    pub log_format: Option<String>,
    /// Which log lines are written, in the language of `RUST_LOG`
    #[arg(long, env = "SEKISHO_LOG_FILTER", value_name = "FILTER")]
    pub log_filter: Option<String>,
}

impl GatewayOverrides {
    /// Takes `RUST_LOG` for the log filter where neither flag nor `SEKISHO_LOG_FILTER` says one: whoever knows Rust
    /// programs will try it first.
    #[must_use]
    pub fn or_rust_log(mut self, environment: super::Lookup<'_>) -> Self {
        self.log_filter = self.log_filter.or_else(|| environment("RUST_LOG").filter(|filter| !filter.is_empty()));
        self
    }
}
