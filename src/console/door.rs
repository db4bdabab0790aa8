//! The door: signing in and out.
//!
//! Who acts: anybody who can reach the gateway. Whoever errs is told the same in the same time, be it the name, the
//! password or the code, and whether or not there is such an account; and too often in a minute leads nowhere
//! (`limits`). A password is looked at even where it cannot be right, so that the time taken tells nothing; but each look
//! costs a hash, so a network has only so many of them, whatever names it gives.

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;

use super::frame::first_page;
use super::guard::Visitor;
use super::password::PasswordError;
use super::route::{Needs, Room, get, post};
use super::session::Token;
use super::{App, Asked, Caller, Console, Failure, Frame, Staff};
use crate::config::Secret;
use crate::domain::guesses::{Judgement, network_of};
use crate::domain::staff::PASSWORD_BYTES_MAX;
use crate::domain::totp::TotpSecret;
use crate::domain::{LoginName, Millis, Right};
use crate::store::{Account, By, StaffChange, StaffError};

/// Stands for every name that cannot be one, where guesses are counted.
const NO_NAME: &str = "";

#[derive(Template)]
#[template(path = "console/sign_in.html")]
struct SignInPage {
    frame: Frame,
    name: String,
    then: String,
    warns_of_http: bool,
}

pub(super) fn room() -> Room {
    Room {
        nav: None,
        entries: vec![
            get("/console", Needs::Right(Right::Look), home),
            get("/console/", Needs::Right(Right::Look), home),
            get("/console/sign-in", Needs::Nothing, ask),
            post("/console/sign-in", Needs::Nothing, sign_in),
            post("/console/sign-out", Needs::Right(Right::Look), sign_out),
            get("/console/{*elsewhere}", Needs::Right(Right::Look), nothing_here),
        ],
    }
}

async fn home(staff: Staff, asked: Asked) -> Response {
    asked.to(first_page(&staff).unwrap_or("/console/me"))
}

async fn nothing_here() -> Failure {
    Failure::not_found()
}

async fn ask(
    State(console): State<App>,
    Extension(visitor): Extension<Visitor>,
    staff: Option<Extension<Staff>>,
    asked: Asked,
) -> Result<Response, Failure> {
    if staff.is_some() {
        return Ok(asked.to(way_on(&asked)));
    }
    door(&console, &visitor, &asked, StatusCode::OK, None)
}

async fn sign_in(
    State(console): State<App>,
    Extension(visitor): Extension<Visitor>,
    Extension(Caller(address)): Extension<Caller>,
    asked: Asked,
) -> Result<Response, Failure> {
    let now = console.now();
    let name = LoginName::new(asked.field("name")).ok();
    let counted = name.as_ref().map_or(NO_NAME, LoginName::as_str);
    let limits = &console.limits;
    let may_try = limits.guesses.knows(counted, address)
        || (!limits.guesses.bars(counted, address, now) && limits.networks.take(&network_of(address), now));
    if !may_try {
        return wrong(&console, &visitor, &asked);
    }
    let account = match &name {
        Some(name) => console.book().account_named(name).await?,
        None => None,
    };
    // What is no account's name may be a password in the wrong field, which no log may have.
    let logged = account.as_ref().map(|account| account.name.to_string());
    let admitted = match console.admits(account, &asked, now).await {
        Ok(admitted) => admitted,
        Err(PasswordError::Busy) => return busy(&console, &visitor, &asked),
        Err(PasswordError::Broken) => return Err(Failure::broken()),
    };
    let judgement = limits.guesses.judge(counted, address, admitted.is_some(), now);
    let (Judgement::Right, Some((account, step))) = (judgement, admitted) else {
        tracing::warn!(account = logged, %address, ?judgement, "somebody was not let into the console");
        return wrong(&console, &visitor, &asked);
    };
    let session = Token::draw(&console);
    let by = By { id: Some(account.id), name: account.name.to_string(), address: Some(address) };
    let change = StaffChange::SignIn {
        id: account.id,
        token_sha256: session.sha256(),
        step,
        password_hash: account.password_hash,
        factor_salt: account.factor_salt,
    };
    match console.book().change_staff(change, by, now).await {
        Ok(()) => {}
        // Somebody was quicker with the same code, or the account was disabled or given another password just now.
        Err(StaffError::CodeUsed | StaffError::Disabled | StaffError::Outdated) => {
            return wrong(&console, &visitor, &asked);
        }
        Err(error) => return Err(error.into()),
    }
    Ok(with_cookie(asked.to(way_on(&asked)), console.cookies.keep_session(&session)))
}

async fn sign_out(State(console): State<App>, staff: Staff, asked: Asked) -> Result<Response, Failure> {
    let change = StaffChange::SignOut(staff.id(), staff.session_hash());
    console.book().change_staff(change, staff.by(), console.now()).await?;
    Ok(with_cookie(asked.to("/console/sign-in"), console.cookies.forget_session()))
}

impl Console {
    /// The account, and the step of its code if it has a second factor, if password and code are right.
    async fn admits(
        &self,
        account: Option<Account>,
        asked: &Asked,
        now: Millis,
    ) -> Result<Option<(Account, Option<i64>)>, PasswordError> {
        let given = asked.raw("password");
        let fits = given.len() <= PASSWORD_BYTES_MAX;
        let given = Secret::new(if fits { given } else { "" });
        let hash = account.as_ref().map(|account| account.password_hash.clone());
        let right = self.passwords.verify(given, hash).await?;
        let Some(account) = account.filter(|account| right && fits && account.disabled_at.is_none()) else {
            return Ok(None);
        };
        let Some(salt) = &account.factor_salt else { return Ok(Some((account, None))) };
        let factor = TotpSecret::derive(&self.parts.deployment_key, account.id, salt);
        let code = asked.field("code");
        let step = factor.step_of(code, now, account.factor_step);
        // Who typed none has guessed none.
        if !code.is_empty() && self.limits.codes.judge(&account.id, step.is_some(), now) == Judgement::TooMany {
            tracing::warn!(account = %account.name, "codes are guessed by somebody who has the password");
            return Ok(None);
        }
        Ok(step.map(|step| (account, Some(step))))
    }
}

fn wrong(console: &Console, visitor: &Visitor, asked: &Asked) -> Result<Response, Failure> {
    let text = asked.t(
        "サインインできませんでした。名前、パスワード、確認コードのいずれかが正しくないか、試行回数が多すぎます。1分（確認コードを何度も間違えた場合は10分）待ってからもう一度お試しください。",
        "You could not be signed in: name, password or code are not right, or there were too many tries. Wait a minute, or ten if the code was wrong many times, and try again.",
    );
    door(console, visitor, asked, StatusCode::UNPROCESSABLE_ENTITY, Some(text))
}

fn busy(console: &Console, visitor: &Visitor, asked: &Asked) -> Result<Response, Failure> {
    let text = asked.t(
        "ただいま混み合っています。数秒待ってからもう一度お試しください。",
        "Too many people are signing in just now. Wait a few seconds and try again.",
    );
    door(console, visitor, asked, StatusCode::SERVICE_UNAVAILABLE, Some(text))
}

fn door(
    console: &Console,
    visitor: &Visitor,
    asked: &Asked,
    status: StatusCode,
    refusal: Option<&str>,
) -> Result<Response, Failure> {
    let mut frame = Frame::of(None, asked);
    frame.csrf = visitor.0.form_mark();
    if let Some(text) = refusal {
        frame = frame.saying(false, text);
    }
    let page = SignInPage {
        frame,
        name: asked.field("name").chars().take(64).collect(),
        then: way_on(asked).to_owned(),
        warns_of_http: console.cookies.are_secure() && console.parts.public_url.starts_with("http://"),
    };
    Ok(with_cookie(asked.page_with(status, &page)?, console.cookies.keep_visitor(&visitor.0)))
}

/// Where to go once inside: the page that was asked for at first, if it is one of the console's.
fn way_on(asked: &Asked) -> &str {
    let then = asked.field("then");
    let rest = then.strip_prefix("/console").unwrap_or("no");
    let is_ours =
        rest.is_empty() || (rest.starts_with(['/', '?']) && rest.bytes().all(|b| b.is_ascii_graphic() && b != b'\\'));
    if is_ours { then } else { "/console" }
}

fn with_cookie(mut response: Response, cookie: Option<HeaderValue>) -> Response {
    if let Some(cookie) = cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;

    use super::*;

    #[test]
    fn nobody_is_sent_elsewhere_after_signing_in() {
        let way_on = |then: &str| {
            let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("then", then).finish();
            way_on(&Asked::read("/console/sign-in", Some(&query), &HeaderMap::new(), b"")).to_owned()
        };
        for ours in ["/console", "/console/users?done=add", "/console?x=1", "/console/a/b"] {
            assert_eq!(way_on(ours), ours);
        }
        for foreign in [
            "",
            "https://evil.example/",
            "//evil.example",
            "/consolex",
            "/console/\\evil",
            "/payment/",
            "/console/\r\nx",
        ] {
            assert_eq!(way_on(foreign), "/console", "{foreign:?}");
        }
    }
}
