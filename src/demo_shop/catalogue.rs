//! What the shop sells: things a traveller on the old highways would have bought. Prices are in yen, without tax.

use crate::demo_shop::psp::Price;

/// Consumption tax, in percent; fractions of a yen are dropped.
const TAX_PERCENT: i64 = 10;

/// One thing on the shelf.
pub(super) struct Product {
    /// Its name in forms and carts.
    pub(super) id: &'static str,
    pub(super) name_ja: &'static str,
    pub(super) name_en: &'static str,
    pub(super) words_ja: &'static str,
    pub(super) words_en: &'static str,
    /// Yen, without tax.
    pub(super) price: i64,
    /// A drawing, as an SVG element of our own.
    pub(super) art: &'static str,
}

/// The shelf, in display order.
pub(super) const PRODUCTS: &[Product] = &[
    Product {
        id: "tegata",
        name_ja: "木の通行手形",
        name_en: "Wooden travel pass",
        words_ja: "関所で見せたくなる、檜の小さな手形。お名前を入れてお届けします。",
        words_en: "A small cypress pass, worth showing at any gate. Your name comes engraved.",
        price: 1_800,
        art: include_str!("assets/tegata.svg"),
    },
    Product {
        id: "tenugui",
        name_ja: "手ぬぐい「松並木」",
        name_en: "Tenugui cloth, “Pine Avenue”",
        words_ja: "街道の松を染めぬいた、よく乾く一枚。",
        words_en: "Highway pines on quick-drying cotton, dyed by hand.",
        price: 1_400,
        art: include_str!("assets/tenugui.svg"),
    },
    Product {
        id: "hojicha",
        name_ja: "茶屋のほうじ茶",
        name_en: "Teahouse hojicha",
        words_ja: "峠の茶屋の香ばしさ。百グラム入り。",
        words_en: "The roast of a mountain teahouse. One hundred grams.",
        price: 980,
        art: include_str!("assets/hojicha.svg"),
    },
    Product {
        id: "chochin",
        name_ja: "旅の提灯",
        name_en: "Traveller’s lantern",
        words_ja: "和紙に柔らかな灯り。電池で灯ります。",
        words_en: "A soft light behind washi paper. Runs on batteries.",
        price: 3_200,
        art: include_str!("assets/chochin.svg"),
    },
    Product {
        id: "senbei",
        name_ja: "宿場せんべい",
        name_en: "Post-town rice crackers",
        words_ja: "醤油の焼きたて、八枚入り。",
        words_en: "Freshly grilled with soy sauce, eight to a bag.",
        price: 640,
        art: include_str!("assets/senbei.svg"),
    },
    Product {
        id: "ezu",
        name_ja: "東海道絵図",
        name_en: "Map of the eastern sea road",
        words_ja: "五十三次をひと巻に。額に入れても、旅にも。",
        words_en: "All fifty-three stations on one scroll, for the wall or the road.",
        price: 2_600,
        art: include_str!("assets/ezu.svg"),
    },
];

/// The product called `id`.
pub(super) fn product(id: &str) -> Option<&'static Product> {
    PRODUCTS.iter().find(|product| product.id == id)
}

/// The money of goods worth `amount` yen without tax.
pub(super) const fn taxed(amount: i64) -> Price {
    Price { amount, tax: amount * TAX_PERCENT / 100 }
}

/// `12,345`: yen for people.
pub(super) fn grouped(yen: i64) -> String {
    let digits = yen.unsigned_abs().to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if yen < 0 { format!("-{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tax_drops_fractions() {
        assert_eq!(taxed(1_999), Price { amount: 1_999, tax: 199 });
    }

    #[test]
    fn yen_are_grouped_by_thousands() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
