//! A second factor's secret as a code that a phone reads off the screen, instead of a person typing it.

use qrcode::{Color, EcLevel, QrCode};

/// What a reader needs to see around a code, in its squares (ISO/IEC 18004: four).
const MARGIN: usize = 4;

/// A QR code as a drawing: a square of this side, dark where the path goes. Its colours are the page's to say, and have to
/// be dark on light by night, too.
pub(super) struct Qr {
    pub(super) side: usize,
    /// The data of an SVG path, one unit a square.
    pub(super) path: String,
}

impl Qr {
    /// Of this text; `None` where it is too long for any code.
    pub(super) fn of(text: &str) -> Option<Self> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
        let width = code.width();
        let colors = code.to_colors();
        let dark = colors.iter().enumerate().filter(|(_, color)| **color == Color::Dark).map(|(at, _)| at);
        let square = |at: usize| format!("M{} {}h1v1h-1z", at % width + MARGIN, at / width + MARGIN);
        Some(Self { side: width + 2 * MARGIN, path: dark.map(square).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_three_eyes_and_a_margin() {
        let qr = Qr::of("otpauth://totp/Sekisho:hanako?secret=ABCDEFGH&issuer=Sekisho").unwrap();
        let far = qr.side - MARGIN - 7;
        for (x, y) in [(MARGIN, MARGIN), (far, MARGIN), (MARGIN, far)] {
            let eye = |x: usize, y: usize| qr.path.contains(&format!("M{x} {y}h"));
            assert!(eye(x, y) && eye(x + 6, y + 6) && eye(x + 3, y + 3) && !eye(x + 1, y + 1), "{x} {y}");
        }
        assert!(!qr.path.contains(&format!("M{} ", MARGIN - 1)), "nothing in the margin");
        assert!(Qr::of(&"x".repeat(5000)).is_none());
    }
}
