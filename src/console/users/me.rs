//! One's own account: password and second factor. Both ask for the present password, so that a session left open for a
//! moment does not become somebody else's account.

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::acts::password_fault;
use super::qr::Qr;
use crate::config::{Secret, constant_time_eq};
use crate::console::password::PasswordError;
use crate::console::{App, Asked, Caller, Console, Failure, Frame, Staff};
use crate::domain::guesses::{Judgement, network_of};
use crate::domain::random_hex;
use crate::domain::staff::{PASSWORD_CHARS_MIN, check_password};
use crate::domain::totp::TotpSecret;
use crate::store::StaffChange;

#[derive(Template)]
#[template(path = "console/users/me.html")]
struct MePage {
    frame: Frame,
    name: String,
    has_factor: bool,
    chars_min: usize,
    /// What a phone is to be told, where there is no second factor yet.
    enrolment: Enrolment,
}

/// A secret that is proposed. It is derived from the salt, so that nothing has to be kept meanwhile.
struct Enrolment {
    salt: String,
    secret: String,
    uri: String,
    /// The same for the phone's camera.
    qr: Option<Qr>,
}

pub(super) async fn show(State(console): State<App>, staff: Staff, asked: Asked) -> Result<Response, Failure> {
    let said = match asked.field("done") {
        "password" => Some((
            "パスワードを変更し、ほかのセッションを終了しました。",
            "Your password is changed, and your other sessions are ended.",
        )),
        "second-factor" => Some(("二段階認証を登録しました。", "Your second factor is set.")),
        "second-factor-off" => Some(("二段階認証を解除しました。", "Your second factor is removed.")),
        _ => None,
    };
    let frame = Frame::of(Some(&staff), &asked);
    let frame = match said {
        Some((ja, en)) => frame.saying(true, asked.t(ja, en)),
        None => frame,
    };
    page(&console, &staff, &asked, frame, None, StatusCode::OK)
}

fn refused(
    console: &Console,
    staff: &Staff,
    asked: &Asked,
    salt: Option<&str>,
    text: &str,
) -> Result<Response, Failure> {
    let frame = Frame::of(Some(staff), asked).saying(false, text);
    page(console, staff, asked, frame, salt, StatusCode::UNPROCESSABLE_ENTITY)
}

fn page(
    console: &Console,
    staff: &Staff,
    asked: &Asked,
    frame: Frame,
    salt: Option<&str>,
    status: StatusCode,
) -> Result<Response, Failure> {
    let salt = salt.map_or_else(|| random_hex::<16>(&*console.parts.rng), str::to_owned);
    let secret = TotpSecret::derive(&console.parts.deployment_key, staff.id(), &salt);
    let host = console.parts.public_url.split_once("://").map_or("", |(_, host)| host);
    let uri = secret.uri(host, staff.name().as_str());
    let enrolment = Enrolment { salt, secret: secret.base32(), qr: Qr::of(&uri), uri };
    let has_factor = staff.account().factor_salt.is_some();
    asked.page_with(
        status,
        &MePage { frame, name: staff.name().to_string(), has_factor, chars_min: PASSWORD_CHARS_MIN, enrolment },
    )
}

pub(super) async fn password(
    State(console): State<App>,
    Extension(caller): Extension<Caller>,
    staff: Staff,
    asked: Asked,
) -> Result<Response, Failure> {
    if !console.knows_password(&staff, &asked, caller).await? {
        return refused(&console, &staff, &asked, None, wrong_password(&asked));
    }
    let (new, again) = (asked.raw("new"), asked.raw("again"));
    if let Err(fault) = check_password(staff.name(), new) {
        return refused(&console, &staff, &asked, None, &password_fault(&asked, fault));
    }
    if !constant_time_eq(new.as_bytes(), again.as_bytes()) {
        let text = asked.t("新しいパスワードが一致しません。", "The two new passwords differ.");
        return refused(&console, &staff, &asked, None, text);
    }
    let password_hash = console.hash(Secret::new(new)).await?;
    let change = StaffChange::Password { id: staff.id(), password_hash, keep: Some(staff.session_hash()) };
    console.book().change_staff(change, staff.by(), console.now()).await?;
    Ok(asked.to("/console/me?done=password"))
}

pub(super) async fn add_factor(
    State(console): State<App>,
    Extension(caller): Extension<Caller>,
    staff: Staff,
    asked: Asked,
) -> Result<Response, Failure> {
    let salt = asked.field("salt");
    let is_salt = salt.len() == 32 && salt.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'));
    if !is_salt || staff.account().factor_salt.is_some() {
        return Err(Failure::refused(
            "登録の画面が古くなっています。アカウントの画面を開き直してください。",
            "This enrolment is out of date. Please open your account’s page again.",
        ));
    }
    if !console.knows_password(&staff, &asked, caller).await? {
        return refused(&console, &staff, &asked, Some(salt), wrong_password(&asked));
    }
    let factor = TotpSecret::derive(&console.parts.deployment_key, staff.id(), salt);
    let Some(step) = factor.step_of(asked.field("code"), console.now(), None) else {
        let text = asked.t(
            "確認コードが一致しません。端末の時刻が合っているか確認し、新しいコードを入力してください。",
            "The code does not fit. Please see whether the phone’s clock is right, and type the next code.",
        );
        return refused(&console, &staff, &asked, Some(salt), text);
    };
    let change = StaffChange::AddFactor(staff.id(), salt.to_owned(), step);
    console.book().change_staff(change, staff.by(), console.now()).await?;
    Ok(asked.to("/console/me?done=second-factor"))
}

pub(super) async fn drop_factor(
    State(console): State<App>,
    Extension(caller): Extension<Caller>,
    staff: Staff,
    asked: Asked,
) -> Result<Response, Failure> {
    if !console.knows_password(&staff, &asked, caller).await? {
        return refused(&console, &staff, &asked, None, wrong_password(&asked));
    }
    console.book().change_staff(StaffChange::DropFactor(staff.id()), staff.by(), console.now()).await?;
    Ok(asked.to("/console/me?done=second-factor-off"))
}

impl Console {
    /// Whether the present password was typed. Guesses are counted as at the door.
    async fn knows_password(&self, staff: &Staff, asked: &Asked, Caller(address): Caller) -> Result<bool, Failure> {
        let (counted, now) = ((staff.id(), network_of(address)), self.now());
        if self.limits.inside.are_spent(&counted, now) {
            return Ok(false);
        }
        let hash = staff.account().password_hash.clone();
        let right = match self.passwords.verify(Secret::new(asked.raw("password")), Some(hash)).await {
            Ok(right) => right,
            Err(PasswordError::Busy) => return Err(Failure::busy()),
            Err(PasswordError::Broken) => return Err(Failure::broken()),
        };
        // Judged once more: many at once were all let begin.
        Ok(self.limits.inside.judge(&counted, right, now) == Judgement::Right)
    }
}

fn wrong_password(asked: &Asked) -> &str {
    asked.t(
        "現在のパスワードが正しくないか、試行回数が多すぎます。",
        "The present password is not right, or there were too many tries.",
    )
}
