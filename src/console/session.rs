//! Sessions: a random token with the browser, its hash in the database, and what is derived from it for forms.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue};
use sha2::{Digest as _, Sha256};
use url::{Host, Url};

use super::asked::cookie;
use super::{Console, Staff};
use crate::config::constant_time_eq;
use crate::domain::staff::{SESSION_IDLE_MS, SESSION_WHOLE_MS};
use crate::domain::{Millis, random_hex};
use crate::store::StoreError;

/// How much later a session must be seen again before that is written down: not every page is worth a write.
const SEEN_EVERY_MS: i64 = 60_000;

/// How long a page waits for that to be written; while the database takes no writes, pages are read all the same.
const SEEN_WAIT: Duration = Duration::from_secs(1);

/// What a browser is given to be known by: 256 bits in hex. Neither printed nor compared.
#[derive(Clone)]
pub(super) struct Token(String);

impl Token {
    /// A new one.
    pub(super) fn draw(console: &Console) -> Self {
        Self(random_hex::<32>(&*console.parts.rng))
    }

    /// One that a browser sent.
    fn sent(text: &str) -> Option<Self> {
        (text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit())).then(|| Self(text.to_owned()))
    }

    /// As the database knows it.
    pub(super) fn sha256(&self) -> String {
        hex::encode(Sha256::digest(self.0.as_bytes()))
    }

    /// What a form carries to show that this console made it for this browser.
    pub(super) fn form_mark(&self) -> String {
        hex::encode(Sha256::digest(format!("sekisho console form\0{}", self.0)))
    }

    /// Whether `given` is this browser's mark.
    pub(super) fn made_form(&self, given: &str) -> bool {
        constant_time_eq(self.form_mark().as_bytes(), given.as_bytes())
    }
}

/// The names of the console's cookies, and whether they travel by https alone.
pub(super) struct Cookies {
    session: &'static str,
    visitor: &'static str,
    attributes: &'static str,
}

/// Off this machine cookies are for https alone, and by the prefix `__Host-` for this host alone.
const SECURE: Cookies = Cookies {
    session: "__Host-sekisho_console",
    visitor: "__Host-sekisho_visitor",
    attributes: "Path=/; Secure; HttpOnly; SameSite=Lax",
};
/// On this machine there is no certificate, and nobody between.
const LOOPBACK: Cookies = Cookies {
    session: "sekisho_console",
    visitor: "sekisho_visitor",
    attributes: "Path=/console; HttpOnly; SameSite=Lax",
};

impl Cookies {
    /// Those of a gateway that browsers reach at `public_url`.
    pub(super) fn for_site(public_url: &str) -> Self {
        let url = Url::parse(public_url).ok().filter(|url| url.scheme() == "http");
        let is_local = url.as_ref().and_then(Url::host).is_some_and(|host| match host {
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
            Host::Domain(name) => name == "localhost",
        });
        if is_local { LOOPBACK } else { SECURE }
    }

    /// Whether browsers keep them only where they come by https.
    pub(super) fn are_secure(&self) -> bool {
        self.session == SECURE.session
    }

    /// The session that a browser says it has.
    pub(super) fn session_of(&self, headers: &HeaderMap) -> Option<Token> {
        cookie(headers, self.session).and_then(Token::sent)
    }

    /// The mark of a browser that nobody has signed in with.
    pub(super) fn visitor_of(&self, headers: &HeaderMap) -> Option<Token> {
        cookie(headers, self.visitor).and_then(Token::sent)
    }

    /// Makes the browser keep a session until it is closed.
    pub(super) fn keep_session(&self, token: &Token) -> Option<HeaderValue> {
        self.header(self.session, &token.0, "")
    }

    /// Makes the browser forget its session.
    pub(super) fn forget_session(&self) -> Option<HeaderValue> {
        self.header(self.session, "", "; Max-Age=0")
    }

    /// Makes the browser keep the mark of a visitor.
    pub(super) fn keep_visitor(&self, token: &Token) -> Option<HeaderValue> {
        self.header(self.visitor, &token.0, "")
    }

    fn header(&self, name: &str, value: &str, more: &str) -> Option<HeaderValue> {
        let mut header = HeaderValue::from_str(&format!("{name}={value}; {}{more}", self.attributes)).ok()?;
        header.set_sensitive(true);
        Some(header)
    }
}

impl Console {
    /// Who has the session of this token, if it has not run out; notes that it was seen.
    pub(super) async fn recognise(&self, token: Token, caller: std::net::IpAddr) -> Result<Option<Staff>, StoreError> {
        let (now, hash) = (self.now(), token.sha256());
        let (began_after, seen_after) = (now.plus(-SESSION_WHOLE_MS), now.plus(-SESSION_IDLE_MS));
        let Some(session) = self.book().session(&hash, began_after, seen_after).await? else { return Ok(None) };
        if now.since(session.seen_at) > SEEN_EVERY_MS {
            match tokio::time::timeout(SEEN_WAIT, self.book().saw_session(&hash, now)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(%error, "that a session was seen could not be written down"),
                Err(_) => tracing::warn!("that a session was seen is not written down yet"),
            }
        }
        Ok(Some(Staff::new(session.account, caller, token)))
    }

    /// Whether somebody who was let in would still be, and sees the same: for an answer that takes long. The session may rest
    /// meanwhile; that it was ended, or the account disabled, ends the answer, too.
    pub(super) async fn is_still_inside(&self, staff: &Staff) -> Result<bool, StoreError> {
        let began_after = self.now().plus(-SESSION_WHOLE_MS);
        let session = self.book().session(&staff.session_hash(), began_after, Millis(i64::MIN)).await?;
        Ok(session.is_some_and(|session| session.account.scope == *staff.scope()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_for_https_alone_except_on_this_machine() {
        for (url, secure) in [
            ("https://pay.example", true),
            ("https://127.0.0.1:8443", true),
            ("http://pay.example", true),
            ("http://10.0.0.1:8080", true),
            ("http://127.0.0.1:8080", false),
            ("http://localhost:8080", false),
            ("http://[::1]:8080", false),
            ("http://localhost.evil.example", true),
        ] {
            let cookies = Cookies::for_site(url);
            assert_eq!(cookies.are_secure(), secure, "{url}");
            let header = cookies.keep_session(&Token("0".repeat(64))).unwrap();
            let header = header.to_str().unwrap();
            assert!(header.contains("HttpOnly") && header.contains("SameSite=Lax") && !header.contains("Domain"));
            assert_eq!(
                header.contains("; Secure") && header.starts_with("__Host-") && header.contains("Path=/;"),
                secure
            );
        }
    }

    #[test]
    fn a_token_is_taken_only_in_its_shape_and_its_marks_differ() {
        let token = Token::sent(&"ab".repeat(32)).unwrap();
        assert!(Token::sent(&"ab".repeat(31)).is_none() && Token::sent(&"zz".repeat(32)).is_none());
        assert!(token.made_form(&token.form_mark()) && !token.made_form("") && !token.made_form(&token.sha256()));
        assert_ne!(token.form_mark(), Token::sent(&"cd".repeat(32)).unwrap().form_mark());
    }
}
