//! `sekisho console`: who may enter the console. Works beside a gateway that serves; the first account is made here.

use std::io::BufRead as _;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{ArgGroup, Args, Subcommand, ValueEnum};

use super::print;
use crate::config::{GatewayOverrides, GatewaySettings, Secret, ShopsFile};
use crate::console::password;
use crate::domain::staff::check_password;
use crate::domain::{Clock as _, LoginName, Millis, Rng, Role, Scope, ShopId, SystemClock, SystemRng};
use crate::store::{By, NewAccount, SqliteStore, StaffBook, StaffChange, StaffError};

#[derive(Debug, Subcommand)]
pub(super) enum ConsoleCommand {
    /// Makes an account. Prints a password made up for it, unless one is given on standard input.
    AddUser(AddUserArgs),
    /// Gives an account a new password, enables it, takes its second factor off and ends its sessions.
    NewPassword(NewPasswordArgs),
}

/// What an account is for.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum RoleArg {
    /// Reads
    Look,
    /// Reads, and acts on transactions
    Act,
    /// All that, and looks after accounts and settings
    Administer,
}

impl From<RoleArg> for Role {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::Look => Self::Look,
            RoleArg::Act => Self::Act,
            RoleArg::Administer => Self::Administer,
        }
    }
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("whose").required(true).args(["operator", "shop"])))]
pub(super) struct AddUserArgs {
    /// What the account is called: 1 to 64 of 0-9 a-z . _ @ + -
    #[arg(value_name = "NAME")]
    name: String,
    /// Sees every shop
    #[arg(long)]
    operator: bool,
    /// Sees this shop alone
    #[arg(long, value_name = "SHOP_ID")]
    shop: Option<String>,
    /// What it may do
    #[arg(long, value_enum)]
    role: RoleArg,
    #[command(flatten)]
    password: PasswordArgs,
}

#[derive(Debug, Args)]
pub(super) struct NewPasswordArgs {
    /// What the account is called
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    password: PasswordArgs,
}

#[derive(Debug, Args)]
struct PasswordArgs {
    /// Takes the password from the first line of standard input instead of making one up
    #[arg(long)]
    password_stdin: bool,
    #[command(flatten)]
    overrides: GatewayOverrides,
}

pub(super) async fn run(command: ConsoleCommand) -> anyhow::Result<ExitCode> {
    let said = match command {
        ConsoleCommand::AddUser(args) => add_user(args).await?,
        ConsoleCommand::NewPassword(args) => new_password(args).await?,
    };
    print(&said);
    Ok(ExitCode::SUCCESS)
}

async fn add_user(args: AddUserArgs) -> anyhow::Result<String> {
    let settings = GatewaySettings::load(&args.password.overrides)?;
    let name = LoginName::new(&args.name).context("NAME is 1 to 64 of 0-9 a-z . _ @ + -")?;
    let scope = match args.shop {
        None => Scope::EveryShop,
        Some(shop) => Scope::Shop(known_shop(&settings, shop)?),
    };
    let password = args.password.password(&name)?;
    let account = NewAccount { name: name.clone(), scope, role: args.role.into(), password_hash: password.hash()? };
    let store = SqliteStore::join(&settings.database).await?;
    let added = store.change_staff(StaffChange::Add(account), By::command_line(), SystemClock.now()).await;
    store.close().await;
    added.with_context(|| format!("{name} was not added"))?;
    Ok(password.told(&format!("{name} may sign in at {}/console", settings.public_url)))
}

async fn new_password(args: NewPasswordArgs) -> anyhow::Result<String> {
    let settings = GatewaySettings::load(&args.password.overrides)?;
    let name = LoginName::new(&args.name).context("NAME is 1 to 64 of 0-9 a-z . _ @ + -")?;
    let password = args.password.password(&name)?;
    let hash = password.hash()?;
    let store = SqliteStore::join(&settings.database).await?;
    let renewed = renew(&store, &name, hash, SystemClock.now()).await;
    store.close().await;
    renewed.with_context(|| format!("{name} has no new password"))?;
    Ok(password.told(&format!("{name} may sign in with a new password at {}/console", settings.public_url)))
}

/// A new password for the account, which can sign in with it alone.
async fn renew(book: &dyn StaffBook, name: &LoginName, password_hash: String, now: Millis) -> Result<(), StaffError> {
    let account = book.account_named(name).await?.ok_or(StaffError::Unknown)?;
    let id = account.id;
    book.change_staff(StaffChange::Password { id, password_hash, keep: None }, By::command_line(), now).await?;
    if account.factor_salt.is_some() {
        book.change_staff(StaffChange::DropFactor(id), By::command_line(), now).await?;
    }
    if account.disabled_at.is_some() {
        book.change_staff(StaffChange::Enable(id), By::command_line(), now).await?;
    }
    Ok(())
}

/// An operator who administers, under this name and a password made up now, whether or not there was one: for the demo.
pub(super) async fn ready_operator(
    book: &dyn StaffBook,
    name: &str,
    rng: &dyn Rng,
    now: Millis,
) -> anyhow::Result<Secret> {
    let name = LoginName::new(name)?;
    let password = password::make_up(rng);
    let password_hash = password::hash(&password, rng)?;
    let account = NewAccount { name: name.clone(), scope: Scope::EveryShop, role: Role::Administer, password_hash };
    let hash = account.password_hash.clone();
    match book.change_staff(StaffChange::Add(account), By::command_line(), now).await {
        Err(StaffError::NameTaken) => renew(book, &name, hash, now).await?,
        added => added?,
    }
    Ok(password)
}

fn known_shop(settings: &GatewaySettings, shop: String) -> anyhow::Result<ShopId> {
    let shop = ShopId::new(shop).context("--shop")?;
    let file = ShopsFile::read(&settings.shops_file)?;
    if file.shops.iter().any(|known| known.shop_id == shop.as_str()) {
        return Ok(shop);
    }
    bail!("{} has no shop {shop}; name one of its shops", settings.shops_file.display())
}

/// A password, and whether its owner has still to be told.
struct Chosen {
    password: Secret,
    is_made_up: bool,
}

impl PasswordArgs {
    fn password(&self, name: &LoginName) -> anyhow::Result<Chosen> {
        if !self.password_stdin {
            return Ok(Chosen { password: password::make_up(&SystemRng), is_made_up: true });
        }
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).context("no password could be read from standard input")?;
        let password = line.trim_end_matches(['\r', '\n']);
        check_password(name, password)?;
        Ok(Chosen { password: Secret::new(password), is_made_up: false })
    }
}

impl Chosen {
    fn hash(&self) -> anyhow::Result<String> {
        Ok(password::hash(&self.password, &SystemRng)?)
    }

    fn told(&self, what: &str) -> String {
        if self.is_made_up {
            return format!("{what}\npassword: {}\n(shown this once)\n", self.password.expose());
        }
        format!("{what}\n")
    }
}
