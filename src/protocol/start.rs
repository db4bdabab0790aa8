//! `AmazonpayStart`: the form that the buyer's browser brings (psp-protocol 5.3), and the token in it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;

use super::call::Call;
use super::decode::RawRequest;
use super::encoding::RequestEncoding;
use super::field::Field;
use super::reading::{Checked, Reading};
use crate::domain::{AccessId, Rng};

/// What a token is made of, and the space that stands where a client mangled a `+`.
pub(super) const TOKEN_CHARACTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/= ";

/// `AmazonpayStart`. Its [`Reading`] has neither credentials nor an access pair: the token is the proof.
#[derive(Debug, Clone)]
pub struct Start {
    /// The transaction.
    pub access_id: AccessId,
    /// The token of the redirect answer, with every space turned back into the `+` it was. Compare it in constant time.
    pub token: SecretString,
}

/// Reads [`Start`]. A missing or malformed token is [`codes::TOKEN_INVALID`](super::codes::TOKEN_INVALID).
pub fn read_start(raw: &RawRequest, encoding: RequestEncoding) -> Reading<Start> {
    Checked::new(Call::Start, raw, encoding).read(|checked| {
        let token = checked.text(Field::Token)?.replace(' ', "+");
        Some(Start { access_id: checked.id(Field::AccessId)?, token: token.into() })
    })
}

/// A token for one journey to Amazon: 48 random bytes in base64, 64 characters (psp-protocol 2.3).
pub fn new_token(rng: &dyn Rng) -> String {
    let mut bytes = [0; 48];
    rng.fill(&mut bytes);
    STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::domain::SeededRng;
    use crate::protocol::{Style, codes};

    fn read(form: &str) -> Reading<Start> {
        let raw = RawRequest::decode(Style::IdPass, None, None, form.as_bytes()).unwrap();
        read_start(&raw, RequestEncoding::Windows31J)
    }

    #[test]
    fn a_token_with_mangled_plus_signs_is_repaired() {
        for token in ["ab+/cd==", "ab%2B/cd==", "ab%2B%2Fcd%3D%3D", "ab%20/cd=="] {
            let request = read(&format!("AccessID={}&Token={token}", "0a".repeat(16))).request.unwrap();
            assert_eq!(request.token.expose_secret(), "ab+/cd==", "{token}");
        }
    }

    #[test]
    fn a_token_has_64_characters() {
        let token = new_token(&SeededRng::new(1));
        assert_eq!(token.len(), 64);
        assert!(token.chars().all(|c| TOKEN_CHARACTERS.contains(c) && c != ' ' && c != '='), "{token}");
    }

    #[test]
    fn faults() {
        assert_eq!(read("a=").faults, [codes::ACCESS_ID_MISSING, codes::TOKEN_INVALID]);
        assert_eq!(read("AccessID=x&Token=%3Cscript%3E").faults, [codes::ACCESS_ID_FORMAT, codes::TOKEN_INVALID]);
    }
}
