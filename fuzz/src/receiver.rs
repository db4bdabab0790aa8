//! What a shop's server answers to a notification.

use sekisho::notify::ShopAnswer;

use super::bytes::Bytes;

/// A status and a body: received is HTTP 200 and `0`, and nothing else (psp-protocol 9).
pub fn answer(input: &[u8]) {
    let mut bytes = Bytes::new(input);
    let status = [200, 201, 204, 302, 404, 500][bytes.below(6)];
    let body = bytes.all();
    let answer = ShopAnswer::read(status, body);
    let zero = std::str::from_utf8(body).is_ok_and(|text| text.trim() == "0");
    assert_eq!(answer.received, status == 200 && zero, "{answer:?}");
    assert_eq!(answer.http_status, Some(i64::from(status)));
    assert!(!answer.text.contains('\0'), "{answer:?}");
}
