//! The guard before every route: who asks, whether they may, and whether a form is this console's own.

use std::net::{IpAddr, Ipv4Addr};

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, HOST, ORIGIN, SET_COOKIE};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;

use super::asked::address_of;
use super::failure::FailurePage;
use super::session::Token;
use super::{App, Asked, Console, Failure, Frame, Needs, Staff};
use crate::store::StoreError;

/// The longest form.
const FORM_BYTES_MAX: usize = 64 * 1024;

/// Where a request comes from: `http`, which knows the proxies that are believed, puts it into each.
#[derive(Debug, Clone, Copy)]
pub struct Caller(pub IpAddr);

/// The mark of a browser at the door, for the form of the sign-in page.
#[derive(Clone)]
pub(super) struct Visitor(pub(super) Token);

/// Lets a request pass to its handler, or answers it.
pub(super) async fn admit(State((console, needs)): State<(App, Needs)>, request: Request, next: Next) -> Response {
    let (path, query) = address_of(&request);
    let headers = request.headers().clone();
    let mut unread = Asked::read(&path, query.as_deref(), &headers, b"");
    if request.method() == Method::POST {
        unread = unread.posted();
    }
    let caller = caller_of(&request);
    let staff = match who(&console, &headers, caller).await {
        Ok(staff) => staff,
        Err(error) => return told(&console, None, &unread, error.into()),
    };
    let (mut request, asked) = match whole(request, unread.clone()).await {
        Ok(whole) => whole,
        Err(failure) => return told(&console, staff.as_ref(), &unread, failure),
    };
    let visitor = Visitor(console.cookies.visitor_of(&headers).unwrap_or_else(|| Token::draw(&console)));
    if let Err(why) = judge(&console, needs, staff.as_ref(), &visitor, request.method(), &headers, &asked) {
        return match why {
            Stopped::AtTheDoor => asked.to(&format!("/console/sign-in?{}", way_back(&asked))),
            Stopped::By(failure) => told(&console, staff.as_ref(), &asked, failure),
        };
    }
    request.extensions_mut().insert(asked.clone());
    request.extensions_mut().insert(Caller(caller));
    request.extensions_mut().insert(visitor);
    if let Some(staff) = &staff {
        request.extensions_mut().insert(staff.clone());
    }
    let response = next.run(request).await;
    match response.extensions().get::<Failure>() {
        Some(failure) => told(&console, staff.as_ref(), &asked, failure.clone()),
        None => response,
    }
}

/// Why a request goes no further.
enum Stopped {
    /// To read this one has to sign in.
    AtTheDoor,
    /// For this reason.
    By(Failure),
}

fn judge(
    console: &Console,
    needs: Needs,
    staff: Option<&Staff>,
    visitor: &Visitor,
    method: &Method,
    headers: &HeaderMap,
    asked: &Asked,
) -> Result<(), Stopped> {
    let posts = *method == Method::POST;
    if posts && !is_own_page(headers, &console.parts.public_url) {
        return Err(Stopped::By(Failure::foreign_form()));
    }
    match staff {
        None if needs != Needs::Nothing && posts => return Err(Stopped::By(Failure::signed_out())),
        None if needs != Needs::Nothing => return Err(Stopped::AtTheDoor),
        Some(staff) if !needs.met_by(staff.role(), staff.scope()) => return Err(Stopped::By(Failure::not_granted())),
        _ => {}
    }
    let made_here = |given| match (needs, staff) {
        (Needs::Nothing, _) | (_, None) => visitor.0.made_form(given),
        (_, Some(staff)) => staff.made_form(given),
    };
    if posts && !made_here(asked.raw("csrf")) { Err(Stopped::By(Failure::foreign_form())) } else { Ok(()) }
}

async fn who(console: &Console, headers: &HeaderMap, caller: IpAddr) -> Result<Option<Staff>, StoreError> {
    match console.cookies.session_of(headers) {
        Some(token) => console.recognise(token, caller).await,
        None => Ok(None),
    }
}

/// Where a request comes from. A router that nobody has mounted, as in some tests, has one caller.
fn caller_of(request: &Request) -> IpAddr {
    request.extensions().get::<Caller>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |caller| caller.0)
}

/// The request with its form read. `http` bounds the time that this may take.
async fn whole(request: Request, unread: Asked) -> Result<(Request, Asked), Failure> {
    if request.method() != Method::POST {
        return Ok((request, unread));
    }
    let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(Failure::no_form(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    let (parts, body) = request.into_parts();
    let form = to_bytes(body, FORM_BYTES_MAX).await.map_err(|_| Failure::no_form(StatusCode::PAYLOAD_TOO_LARGE))?;
    let asked = Asked::read(parts.uri.path(), parts.uri.query(), &parts.headers, &form).posted();
    Ok((Request::from_parts(parts, Body::empty()), asked))
}

/// Browsers say where a form comes from, by `Sec-Fetch-Site` or at least by `Origin`, and pages cannot make them lie.
/// Programs say nothing; the form's mark is asked of everybody.
fn is_own_page(headers: &HeaderMap, public_url: &str) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if text("sec-fetch-site").is_some_and(|site| site != "same-origin") {
        return false;
    }
    let Some(origin) = text(ORIGIN.as_str()) else { return true };
    // A proxy may name another host than the browser did; the public address is ours all the same.
    let public = public_url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    origin == public || (authority.is_some() && authority == text(HOST.as_str()))
}

/// Where to go after signing in, as a query.
fn way_back(asked: &Asked) -> String {
    url::form_urlencoded::Serializer::new(String::new()).append_pair("then", &asked.address()).finish()
}

/// Makes a page of a failure.
fn told(console: &Console, staff: Option<&Staff>, asked: &Asked, failure: Failure) -> Response {
    let pick = |(ja, en): super::failure::Text| asked.language.pick(&ja, &en).clone();
    let page = FailurePage {
        frame: Frame::of(staff, asked),
        status: failure.status.as_u16(),
        title: pick(failure.title),
        detail: pick(failure.detail),
    };
    let mut response = match asked.page_with(failure.status, &page) {
        Ok(response) => response,
        Err(failure) => return axum::response::IntoResponse::into_response(failure.status),
    };
    if failure.status == StatusCode::UNAUTHORIZED
        && let Some(cookie) = console.cookies.forget_session()
    {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_console_s_own_pages_and_programs_may_post() {
        let own = |pairs: &[(&'static str, &'static str)]| {
            let pairs = pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            is_own_page(&pairs.collect(), "https://pay.example/base")
        };
        assert!(own(&[]), "a program");
        assert!(own(&[("host", "127.0.0.1:8080"), ("origin", "http://127.0.0.1:8080")]));
        assert!(own(&[("host", "inside"), ("origin", "https://pay.example"), ("sec-fetch-site", "same-origin")]));
        for foreign in [
            &[("host", "127.0.0.1:8080"), ("origin", "http://127.0.0.1:8081")][..],
            &[("host", "127.0.0.1:8080"), ("origin", "null")],
            &[("host", "inside"), ("origin", "http://pay.example")],
            &[("host", "inside"), ("origin", "https://pay.example.evil")],
            &[("host", "inside"), ("sec-fetch-site", "cross-site")],
            &[("host", "inside"), ("sec-fetch-site", "same-site"), ("origin", "https://pay.example")],
            &[("origin", "http://127.0.0.1:8080")],
        ] {
            assert!(!own(foreign), "{foreign:?}");
        }
    }
}
