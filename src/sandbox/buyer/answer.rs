//! What every answer to a buyer's browser has in common: the request's fields, the frame of a page, its headers, and
//! the clear page that stands where a step is not possible.

use std::ops::Deref;

use askama::Template;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

use crate::sandbox::Sandbox;
use crate::sandbox::ledger::{BuyerError, SessionState, with_session_id};
use crate::sandbox::page::{self, Asked, Lang, LangCookie, cookie, set_cookie};

pub(super) use crate::sandbox::page::Frame;

/// No `form-action`: Chromium applies it to the redirects after a form, too, and these end at the shop.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'";
/// The same for the pages that talk to the shop's page.
const POLICY_WITH_SCRIPT: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; \
                                  base-uri 'none'; frame-ancestors 'none'";
const LANG_COOKIE: LangCookie = LangCookie { name: "sekisho_sandbox_lang", path: "/checkout" };
const BUYER_COOKIE: &str = "sekisho_sandbox_buyer";
const COOKIE_TERMS: &str = "Path=/checkout; HttpOnly; SameSite=Lax";

/// What a buyer's browser asked for, and who signed in with it.
pub(super) struct Visit {
    asked: Asked,
    last_buyer: String,
    new_buyer: Option<String>,
}

impl Deref for Visit {
    type Target = Asked;

    fn deref(&self) -> &Asked {
        &self.asked
    }
}

impl Visit {
    /// A page that is fetched.
    pub(super) fn get(uri: &Uri, headers: &HeaderMap) -> Self {
        Self::of(Asked::get(uri, headers, LANG_COOKIE), headers)
    }

    /// A form that is posted.
    pub(super) fn post(uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Self {
        Self::of(Asked::post(uri, headers, body, LANG_COOKIE), headers)
    }

    fn of(asked: Asked, headers: &HeaderMap) -> Self {
        let last_buyer = cookie(headers, BUYER_COOKIE).unwrap_or_default().to_owned();
        Self { asked, last_buyer, new_buyer: None }
    }

    /// From here on, pages are in this language.
    pub(super) fn speak(&mut self, lang: Lang) {
        self.asked.speak(lang);
    }

    /// The checkout session that all of this is about.
    pub(super) fn session_id(&self) -> &str {
        self.field("amazonCheckoutSessionId")
    }

    /// Who signed in last with this browser, by their id.
    pub(super) fn last_buyer(&self) -> &str {
        &self.last_buyer
    }

    /// From here on, this is who signed in last.
    pub(super) fn remember_buyer(&mut self, id: &str) {
        self.new_buyer = Some(id.to_owned());
    }

    /// Answers a page.
    pub(super) fn page(&self, status: StatusCode, page: &impl Template) -> Response {
        self.page_under(POLICY, status, page)
    }

    /// Answers a page that runs one of our scripts.
    pub(super) fn scripted_page(&self, status: StatusCode, page: &impl Template) -> Response {
        self.page_under(POLICY_WITH_SCRIPT, status, page)
    }

    fn page_under(&self, policy: &'static str, status: StatusCode, page: &impl Template) -> Response {
        // The session's id stands in the address.
        self.remembering(self.html(status, page::headers(policy, "no-referrer"), page))
    }

    /// Sends the browser to a page here, or to a URL of the session. Only text from the ledger may get here.
    pub(super) fn see_other(&self, to: &str) -> Response {
        let Some(response) = self.redirect(to) else {
            return self.message(&Message::plain(
                StatusCode::BAD_REQUEST,
                self.lang.pick("お店に戻れません", "There is no way back to the shop"),
                self.lang.pick("お店の戻り先 URL が正しくありません。", "The shop’s return URL is malformed."),
                to,
            ));
        };
        self.remembering(response)
    }

    /// 303 to the page `name` of this session.
    pub(super) fn to_page(&self, name: &str, session_id: &str) -> Response {
        self.see_other(&with_session_id(&format!("/checkout/{name}"), session_id))
    }

    /// A page that only says something.
    pub(super) fn message(&self, message: &Message) -> Response {
        let page = MessagePage {
            frame: self.frame(),
            title: message.title.clone(),
            text: message.text.clone(),
            detail: message.detail.clone(),
            way_out: message.way_out.clone(),
        };
        self.page(message.status, &page)
    }

    fn remembering(&self, mut response: Response) -> Response {
        if let Some(id) = &self.new_buyer {
            set_cookie(&mut response, &format!("{BUYER_COOKIE}={id}; {COOKIE_TERMS}"));
        }
        response
    }
}

/// `POST /checkout/sign-out`: nobody signed in last any more. `amazon.Pay.signout()` comes here.
pub(super) async fn sign_out() -> impl IntoResponse {
    (StatusCode::NO_CONTENT, [(SET_COOKIE, format!("{BUYER_COOKIE}=; Max-Age=0; {COOKIE_TERMS}"))])
}

/// Why there is no other page here.
pub(super) struct Message {
    status: StatusCode,
    title: String,
    text: String,
    /// For the engineer.
    detail: String,
    /// An address of the session's or of these pages, and what to call it.
    way_out: Option<(String, String)>,
}

impl Message {
    /// A message without a way out.
    pub(super) fn plain(status: StatusCode, title: &str, text: &str, detail: &str) -> Self {
        Self { status, title: title.to_owned(), text: text.to_owned(), detail: detail.to_owned(), way_out: None }
    }

    /// The same, with a link.
    pub(super) fn leading_to(mut self, href: String, words: &str) -> Self {
        self.way_out = Some((href, words.to_owned()));
        self
    }
}

#[derive(Template)]
#[template(path = "sandbox/message.html")]
struct MessagePage {
    frame: Frame,
    title: String,
    text: String,
    detail: String,
    way_out: Option<(String, String)>,
}

/// The page for a step that the ledger refused: what happened, and where to go from here.
pub(super) fn refused(visit: &Visit, sandbox: &Sandbox, error: &BuyerError) -> Response {
    let id = visit.session_id();
    let (status, title, text) = wording(visit.lang, error);
    let message = Message::plain(status, title, text, &error.to_string());
    let page = |name: &str| with_session_id(&format!("/checkout/{name}"), id);
    let again = visit.lang.pick("選びなおす", "Choose again");
    visit.message(&match error {
        BuyerError::UnknownSession(_) => message,
        BuyerError::UnknownBuyer(_) => message.leading_to(page("sign-in"), again),
        BuyerError::UnknownAddress(_)
        | BuyerError::NotDelivered(_)
        | BuyerError::OneAddressOnly
        | BuyerError::TooManyAddresses
        | BuyerError::UnknownInstrument(_)
        | BuyerError::CardNeedsPending(_)
        | BuyerError::CardDeclined(_) => message.leading_to(page("choose"), again),
        BuyerError::NotSignedIn => message.leading_to(page("sign-in"), visit.lang.pick("サインイン", "Sign in")),
        BuyerError::AsksMfa => message.leading_to(page("mfa"), visit.lang.pick("本人認証へ", "Verify")),
        BuyerError::NotOpen(_)
        | BuyerError::AlreadyPaid
        | BuyerError::ConstraintsLeft(_)
        | BuyerError::NotProcessing => match way_back(sandbox, id) {
            Some(url) => message.leading_to(url, visit.lang.pick("店に戻る", "Return to the shop")),
            None => message,
        },
    })
}

/// Where a buyer whose session went on elsewhere should be: at the shop's result, or still at its review page.
fn way_back(sandbox: &Sandbox, id: &str) -> Option<String> {
    let ledger = sandbox.ledger();
    let session = ledger.session(id)?;
    let web = &session.request.terms.web;
    let review = web.checkout_review_return_url.as_ref().filter(|_| session.state == SessionState::Open);
    let result = web.checkout_result_return_url.as_ref();
    let url = if session.constraints().is_empty() { result.or(review) } else { review };
    // Only a link that a browser would open as a page, whatever the shop signed.
    let url = url.filter(|url| url.starts_with("https://") || url.starts_with("http://"));
    url.map(|url| with_session_id(url, id))
}

fn wording(lang: Lang, error: &BuyerError) -> (StatusCode, &'static str, &'static str) {
    let (status, ja, en) = match error {
        BuyerError::UnknownSession(_) => (
            StatusCode::NOT_FOUND,
            ("お手続きが見つかりません", "期限が切れたか、アドレスが間違っています。お店からやりなおしてください。"),
            ("There is no such checkout", "It has expired, or the address is wrong. Please start again at the shop."),
        ),
        BuyerError::NotOpen(_) => (
            StatusCode::GONE,
            ("このお手続きは終わっています", "支払い済み、取り消し済み、または期限切れです。"),
            ("This checkout is over", "It was paid or cancelled, or it has expired."),
        ),
        BuyerError::AlreadyPaid => (
            StatusCode::CONFLICT,
            ("お支払いは済んでいます", "もう変更や取り消しはできません。"),
            ("You have already paid", "Nothing can be changed or cancelled any more."),
        ),
        BuyerError::NotSignedIn => (
            StatusCode::CONFLICT,
            ("サインインが必要です", "先に購入者を選んでください。"),
            ("Please sign in", "Choose a buyer first."),
        ),
        BuyerError::CardNeedsPending(_) => (
            StatusCode::CONFLICT,
            ("このカードは使えません", "保留になるテストカードです。お店が保留に対応していません。"),
            (
                "This card cannot be used here",
                "It is a test card whose payment stays pending, and the shop cannot wait.",
            ),
        ),
        BuyerError::AsksMfa => (
            StatusCode::CONFLICT,
            ("本人認証が必要です", "カード会社が本人認証を求めています。"),
            ("Please verify that it is you", "The card’s bank asks for a second factor."),
        ),
        BuyerError::NotDelivered(_) => (
            StatusCode::CONFLICT,
            ("このお届け先には送れません", "お店がお届けしていない地域です。別のお届け先を選んでください。"),
            ("The shop does not send there", "Please choose another address."),
        ),
        BuyerError::OneAddressOnly => (
            StatusCode::BAD_REQUEST,
            ("お届け先は一か所です", "このご注文は一か所にだけお届けします。"),
            ("One address only", "This order goes to one address."),
        ),
        BuyerError::TooManyAddresses => (
            StatusCode::CONFLICT,
            ("これ以上は登録できません", "アドレス帳がいっぱいです。登録済みの住所を編集してください。"),
            ("The address book is full", "Please edit one of the addresses."),
        ),
        BuyerError::CardDeclined(_) => (
            StatusCode::CONFLICT,
            ("このカードは使えませんでした", "別のお支払い方法を選んでください。"),
            ("This card was declined", "Please choose another payment method."),
        ),
        BuyerError::ConstraintsLeft(_) | BuyerError::NotProcessing => (
            StatusCode::CONFLICT,
            ("まだお支払いに進めません", "お店での注文の確定が済んでいません。"),
            ("It is too early to pay", "The shop has not placed the order yet."),
        ),
        BuyerError::UnknownBuyer(_) | BuyerError::UnknownAddress(_) | BuyerError::UnknownInstrument(_) => (
            StatusCode::BAD_REQUEST,
            ("選択が正しくありません", "一覧から選んでください。"),
            ("That is not on the list", "Please choose from the list."),
        ),
    };
    let (title, text) = if lang == Lang::Ja { ja } else { en };
    (status, title, text)
}
