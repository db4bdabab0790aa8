//! Somebody at the console: a browser without JavaScript that keeps cookies, reads pages and posts their forms.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use sekisho::config::Secret;
use sekisho::console::password;
use sekisho::domain::{LoginName, Role, Scope, SeededRng, ShopId};
use sekisho::store::{By, NewAccount, StaffChange};

use super::Stage;

/// The password of every account that tests make.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// Somebody at the console.
pub(crate) struct Clerk {
    pub(crate) http: reqwest::Client,
    pub(crate) gateway_url: String,
    cookies: Mutex<BTreeMap<String, String>>,
}

/// What the console answered.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) html: String,
    /// Where it leads, if it leads elsewhere.
    pub(crate) location: Option<String>,
    pub(crate) headers: reqwest::header::HeaderMap,
}

impl Page {
    /// The value of the first field of this name.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        let at = self.html.find(&format!("name=\"{name}\" value=\""))?;
        let value = self.html[at..].split('"').nth(3)?;
        Some(value.replace("&#34;", "\"").replace("&#38;", "&").replace("&#39;", "'").replace("&#60;", "<"))
    }

    /// What every form of the page carries.
    pub(crate) fn csrf(&self) -> String {
        self.field("csrf").unwrap_or_else(|| panic!("no form in {}", self.html))
    }

    /// The same page, which must be there.
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.status, 200, "{}", self.html);
        self
    }
}

impl Stage {
    /// Makes an account with [`PASSWORD`]: an operator's, or a shop's.
    pub(crate) async fn add_staff(&self, name: &str, shop: Option<&str>, role: Role) {
        // A fixed salt is as good as another here, and hashing once is enough.
        static HASH: std::sync::LazyLock<String> =
            std::sync::LazyLock::new(|| password::hash(&Secret::new(PASSWORD), &SeededRng::new(3)).unwrap());
        let account = NewAccount {
            name: LoginName::new(name).unwrap(),
            scope: shop.map_or(Scope::EveryShop, |shop| Scope::Shop(ShopId::new(shop).unwrap())),
            role,
            password_hash: HASH.clone(),
        };
        self.staff.change_staff(StaffChange::Add(account), By::command_line(), self.now()).await.unwrap();
    }

    /// A browser at the door.
    pub(crate) fn stranger(&self) -> Clerk {
        Clerk { http: self.http.clone(), gateway_url: self.gateway_url.clone(), cookies: Mutex::default() }
    }

    /// Somebody of this name who has signed in; the account is made first.
    pub(crate) async fn clerk(&self, name: &str, shop: Option<&str>, role: Role) -> Clerk {
        self.add_staff(name, shop, role).await;
        let clerk = self.stranger();
        let inside = clerk.sign_in(name, PASSWORD, "").await;
        assert_eq!((inside.status, inside.location.as_deref()), (303, Some("/console")), "{}", inside.html);
        clerk
    }
}

impl Clerk {
    /// A browser at the door of the gateway at `gateway_url`.
    pub(crate) fn at(gateway_url: &str) -> Self {
        let http = sekisho::egress::client(Duration::from_secs(5), Duration::from_mins(1)).unwrap();
        Self { http, gateway_url: gateway_url.to_owned(), cookies: Mutex::default() }
    }

    /// Fetches a page of the console.
    pub(crate) async fn get(&self, path: &str) -> Page {
        self.send(self.http.get(format!("{}{path}", self.gateway_url))).await
    }

    /// Posts a form as it is, without the mark that the console's forms carry.
    pub(crate) async fn post_bare(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.send(self.http.post(format!("{}{path}", self.gateway_url)).form(fields)).await
    }

    /// Posts a form of the page at `from`.
    pub(crate) async fn post(&self, from: &str, path: &str, fields: &[(&str, &str)]) -> Page {
        let csrf = self.get(from).await.csrf();
        let mut fields = fields.to_vec();
        fields.push(("csrf", &csrf));
        self.post_bare(path, &fields).await
    }

    /// Fills in the form at the door.
    pub(crate) async fn sign_in(&self, name: &str, password: &str, code: &str) -> Page {
        let fields = [("name", name), ("password", password), ("code", code)];
        self.post("/console/sign-in", "/console/sign-in", &fields).await
    }

    /// Sends a request with this browser's cookies, and keeps those of the answer.
    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Page {
        let sent: Vec<String> =
            self.cookies.lock().unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = request.header(COOKIE, sent.join("; ")).send().await.unwrap();
        for cookie in answer.headers().get_all(SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.lock().unwrap().insert(name.to_owned(), value.to_owned());
        }
        let text = |value: &reqwest::header::HeaderValue| value.to_str().unwrap().to_owned();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let location = headers.get(LOCATION).map(text);
        Page { status, html: answer.text().await.unwrap(), location, headers }
    }

    /// A cookie's value.
    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().unwrap().get(name).cloned()
    }

    /// Puts a cookie into this browser.
    pub(crate) fn set_cookie(&self, name: &str, value: &str) {
        self.cookies.lock().unwrap().insert(name.to_owned(), value.to_owned());
    }
}
