//! What an operator writes: `shops.toml` and `sekisho.toml`.

use std::path::Path;

use sekisho::config::{ConfigErrors, GatewayOverrides, GatewaySettings, ShopsFile};

/// A `shops.toml`.
pub fn shops(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    match ShopsFile::parse(&text, Path::new("shops.toml")) {
        Ok(file) => {
            assert!(!file.shops.is_empty());
            let ids: std::collections::BTreeSet<&str> = file.shops.iter().map(|shop| &*shop.shop_id).collect();
            assert_eq!(ids.len(), file.shops.len(), "an id twice");
        }
        Err(errors) => told(&errors, &text, "shops.toml"),
    }
}

/// A `sekisho.toml`.
pub fn gateway(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    match GatewaySettings::resolve(&GatewayOverrides::default(), &text, Path::new("sekisho.toml")) {
        Ok(settings) => assert!(!settings.public_url.ends_with('/')),
        Err(errors) => told(&errors, &text, "sekisho.toml"),
    }
}

/// Every mistake says where it is, and that place exists.
fn told(errors: &ConfigErrors, text: &str, file: &str) {
    assert!(!errors.mistakes().is_empty());
    let lines = text.split('\n').count();
    for mistake in errors.mistakes() {
        let place = &mistake.place;
        assert!(place.line <= lines, "line {} of {lines}: {mistake}", place.line);
        assert!(place.file.as_os_str().is_empty() || place.file.ends_with(file), "{mistake}");
        assert!(!mistake.problem.is_empty() && !mistake.remedy.is_empty(), "{mistake}");
    }
}
