//! Reads `merchants.toml`: who may call a sandbox that runs alone, and with which public keys.

use std::collections::BTreeMap;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::file::{beside, read_text};
use super::mistake::{ConfigErrors, Place};
use super::section::{Given, Section, Source, Wrong};
use super::value::{choice, http_url, label, list, text};

/// Amazon's `merchantStoreName` takes no more.
const NAME_CHARS_MAX: usize = 50;
const STORE_ID_START: &str = "amzn1.application-oa2-client.";

/// A `merchants.toml` that follows every rule.
#[derive(Debug, Clone)]
pub struct MerchantsFile {
    /// In the file's order: at least one, no two with the same id, and no two keys with the same id.
    pub merchants: Vec<MerchantEntry>,
}

/// One `[[merchant]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MerchantEntry {
    /// Upper-case letters and digits.
    pub merchant_id: String,
    /// What the buyer's pages call the shop; the merchant's id where the file says nothing.
    pub name: String,
    /// At least one.
    pub store_ids: Vec<String>,
    /// `JPY`, `USD`, `EUR` or `GBP`; `JPY` where the file says nothing.
    pub ledger_currency: &'static str,
    /// Where notices go, if anywhere.
    pub ipn_url: Option<String>,
    /// At least one.
    pub keys: Vec<PublicKeyEntry>,
}

/// One `[[merchant.key]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKeyEntry {
    /// As it stands in `PublicKeyId=`; never a LIVE one.
    pub public_key_id: String,
    /// What is in the file `public_key_file`.
    pub public_key_pem: String,
}

/// Says whether a text is a key that can be used, or what is wrong with it.
pub type KeyCheck<'a> = &'a dyn Fn(&str) -> Result<(), String>;

impl MerchantsFile {
    /// Reads the file at `path` and the keys that it names, which are judged by `check`.
    ///
    /// # Errors
    /// Every mistake in it; or that it cannot be read.
    pub fn read(path: &Path, check: KeyCheck<'_>) -> Result<Self, ConfigErrors> {
        let text = read_text(path, "name the right file by --merchants")?;
        Self::parse(&text, path, check)
    }

    /// Reads `text`. `file` is named in mistakes, and relative paths start at its directory.
    ///
    /// # Errors
    /// Every mistake in it: of syntax or, where there is none, of the rules.
    pub fn parse(text: &str, file: &Path, check: KeyCheck<'_>) -> Result<Self, ConfigErrors> {
        let source = Source { file, text };
        let top = source.parse()?;
        let mut section = Section::new(source, 0, top.get_ref());
        let tables = section.optional("merchant", |value| tables_in(value, "[[merchant]]"));
        if !section.has("merchant") || tables.as_ref().is_some_and(|tables| tables.value.is_empty()) {
            let wrong = Wrong::new("has no merchant in it", "begin one with a line `[[merchant]]`");
            section.note(&Place::file(file), wrong);
        }
        let mut mistakes = section.finish();

        let mut reader = Reader { source, check, merchants: BTreeMap::new(), keys: BTreeMap::new() };
        let mut merchants = Vec::new();
        for (header, table) in tables.map(|tables| tables.value).unwrap_or_default() {
            let mut section = Section::new(source, header, table);
            let keys = section.optional("key", |value| tables_in(value, "[[merchant.key]]"));
            if !section.has("key") {
                let wrong = Wrong::new("is missing", "begin one with a line `[[merchant.key]]`");
                section.note(&section.header_place("key"), wrong);
            }
            let mut read = Vec::new();
            for (header, table) in keys.map(|keys| keys.value).unwrap_or_default() {
                let mut section = Section::new(source, header, table);
                read.extend(reader.key(&mut section));
                mistakes.extend(section.finish());
            }
            merchants.extend(reader.merchant(&mut section, read));
            mistakes.extend(section.finish());
        }
        ConfigErrors::or(Self { merchants }, mistakes)
    }
}

/// The tables of a list, each with the place of its header.
type Tables<'a> = Vec<(usize, &'a DeTable<'a>)>;

fn tables_in<'a>(value: &'a DeValue<'a>, header: &str) -> Result<Tables<'a>, Wrong> {
    let wrong = || Wrong::new("is not a list of tables", format!("begin each with a line `{header}`"));
    let members = value.as_array().ok_or_else(wrong)?;
    members.iter().map(|member| Ok((member.span().start, member.get_ref().as_table().ok_or_else(wrong)?))).collect()
}

/// What was seen so far, so that nothing is there twice: the line of each id.
struct Reader<'a> {
    source: Source<'a>,
    check: KeyCheck<'a>,
    merchants: BTreeMap<String, usize>,
    keys: BTreeMap<String, usize>,
}

impl Reader<'_> {
    /// Reads every setting before it gives up over one, so that all mistakes are noted. `None` only where one was.
    fn merchant(&mut self, section: &mut Section<'_>, keys: Vec<PublicKeyEntry>) -> Option<MerchantEntry> {
        let id = section.required("merchant_id", "\"A1EXAMPLE00001\"", |value| merchant_id(text(value)?));
        let id = id.and_then(|id| unique(section, id, &mut self.merchants));
        let name = section.optional("name", |value| label(value, NAME_CHARS_MAX));
        let example = format!("[\"{STORE_ID_START}…\"]");
        let store_ids = section.required("store_ids", &example, store_ids);
        let currency = section
            .optional("ledger_currency", |value| choice(value, &["JPY", "USD", "EUR", "GBP"].map(|code| (code, code))));
        let ipn_url = section.optional("ipn_url", |value| {
            let url = text(value)?;
            http_url(url).map(|_| url.to_owned())
        });
        let id = id?;
        Some(MerchantEntry {
            name: name.map_or_else(|| id.clone(), |name| name.value),
            merchant_id: id,
            store_ids: store_ids?.value,
            ledger_currency: currency.map_or("JPY", |currency| currency.value),
            ipn_url: ipn_url.map(|url| url.value),
            keys,
        })
    }

    fn key(&mut self, section: &mut Section<'_>) -> Option<PublicKeyEntry> {
        let id = section.required("public_key_id", "\"SANDBOX-…\"", |value| public_key_id(text(value)?));
        let id = id.and_then(|id| unique(section, id, &mut self.keys));
        let (file, check) = (self.source.file, self.check);
        let pem = section.required("public_key_file", "\"keys/….pub\"", |value| {
            let path = text(value)?;
            let pem = std::fs::read_to_string(beside(file, path));
            let pem = pem.map_err(|why| {
                Wrong::new(format!("{path:?} cannot be read: {why}"), "name a file, from this file's directory")
            })?;
            if pem.contains("PRIVATE KEY-----") {
                let remedy = "name the public one; `openssl pkey -in private.pem -pubout` writes it";
                return Err(Wrong::new(format!("{path:?} holds a private key"), remedy));
            }
            let remedy = "name one that begins with -----BEGIN PUBLIC KEY-----, of an RSA key of 2048 bits or more";
            check(&pem).map_err(|why| Wrong::new(format!("{path:?} {why}"), remedy))?;
            Ok(pem)
        });
        Some(PublicKeyEntry { public_key_id: id?, public_key_pem: pem?.value })
    }
}

fn unique(section: &mut Section<'_>, id: Given<String>, seen: &mut BTreeMap<String, usize>) -> Option<String> {
    if let Some(line) = seen.get(&id.value) {
        let problem = format!("{:?} stands in line {line}, too", id.value);
        section.note(&id.place, Wrong::new(problem, "give each an id of its own"));
        return None;
    }
    seen.insert(id.value.clone(), id.place.line);
    Some(id.value)
}

/// A sandbox takes any id of the right characters: tests make theirs up.
fn merchant_id(given: &str) -> Result<String, Wrong> {
    let fine = given.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    if fine && given.starts_with('A') && (2..=32).contains(&given.len()) {
        return Ok(given.to_owned());
    }
    let remedy = "write `A` and up to 31 capital letters and digits; Amazon's have 12 or 13";
    Err(Wrong::new(format!("{given:?} is not a merchant id"), remedy))
}

fn store_ids(value: &DeValue<'_>) -> Result<Vec<String>, Wrong> {
    let ids = list(value, |member| {
        let given = text(member)?;
        let rest = given.strip_prefix(STORE_ID_START).unwrap_or_default();
        if !rest.is_empty() && rest.len() <= 64 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Ok(given.to_owned());
        }
        let remedy = format!("write `{STORE_ID_START}` and letters and digits; Amazon's have 32 hexadecimal ones");
        Err(Wrong::new(format!("has {given:?}, which is not a store id"), remedy))
    })?;
    if ids.is_empty() { Err(Wrong::new("is empty", "write at least one store id")) } else { Ok(ids) }
}

fn public_key_id(given: &str) -> Result<String, Wrong> {
    if given.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("LIVE")) {
        return Err(Wrong::new(format!("{given:?} is a LIVE key"), "write the id of a sandbox key"));
    }
    let fine = given.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if fine && (1..=64).contains(&given.len()) {
        return Ok(given.to_owned());
    }
    let remedy = "write letters and digits; Amazon's are `SANDBOX-` and 24 of them";
    Err(Wrong::new(format!("{given:?} is not a public key id"), remedy))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORE: &str = "amzn1.application-oa2-client.0123456789abcdef0123456789abcdef";

    fn read(text: &str) -> Result<MerchantsFile, String> {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("good.pub"), "good").unwrap();
        std::fs::write(directory.path().join("bad.pub"), "bad").unwrap();
        std::fs::write(directory.path().join("private.pem"), "-----BEGIN PRIVATE KEY-----").unwrap();
        let path = directory.path().join("merchants.toml");
        std::fs::write(&path, text).unwrap();
        let check = |pem: &str| if pem == "good" { Ok(()) } else { Err("is no key".to_owned()) };
        MerchantsFile::read(&path, &check)
            .map_err(|errors| errors.to_string().replace(&format!("{}/", directory.path().display()), ""))
    }

    #[test]
    fn merchants_have_stores_and_keys_and_may_be_elsewhere_than_in_japan() {
        let text = format!(
            "[[merchant]]\nmerchant_id = \"A1SHOP00000001\"\nstore_ids = [\"{STORE}\"]\n\
             ipn_url = \"http://127.0.0.1:9/ipn\"\n\
             [[merchant.key]]\npublic_key_id = \"SANDBOX-K1\"\npublic_key_file = \"good.pub\"\n\
             [[merchant.key]]\npublic_key_id = \"SANDBOX-K2\"\npublic_key_file = \"good.pub\"\n\
             [[merchant]]\nmerchant_id = \"A2\"\nname = \"Elsewhere\"\nstore_ids = [\"{STORE}\"]\n\
             ledger_currency = \"USD\"\n[[merchant.key]]\npublic_key_id = \"K3\"\npublic_key_file = \"good.pub\"\n"
        );
        let merchants = read(&text).unwrap().merchants;
        assert_eq!(merchants.len(), 2);
        let [first, second] = merchants.as_slice() else { panic!("two") };
        assert_eq!((first.name.as_str(), first.ledger_currency, first.keys.len()), ("A1SHOP00000001", "JPY", 2));
        assert_eq!(first.ipn_url.as_deref(), Some("http://127.0.0.1:9/ipn"));
        assert_eq!((second.name.as_str(), second.ledger_currency), ("Elsewhere", "USD"));
        assert_eq!(second.keys[0].public_key_pem, "good");
    }

    #[test]
    fn every_mistake_is_told_with_file_and_line() {
        let text = "[[merchant]]\n\
                    merchant_id = \"a1\"\n\
                    store_id = \"x\"\n\
                    store_ids = [\"x\"]\n\
                    ipn_url = \"ftp://x\"\n\
                    ledger_currency = \"CHF\"\n\
                    [[merchant.key]]\n\
                    public_key_id = \"LIVE-K\"\n\
                    public_key_file = \"none.pub\"\n\
                    [[merchant.key]]\n\
                    public_key_id = \"K\"\n\
                    public_key_file = \"private.pem\"\n\
                    [[merchant.key]]\n\
                    public_key_id = \"K\"\n\
                    public_key_file = \"bad.pub\"\n\
                    [[merchant]]\n";
        let told = read(text).unwrap_err();
        for start in [
            "merchants.toml:2: merchant_id: \"a1\" is not a merchant id; write",
            "merchants.toml:3: store_id: no setting has this name; write `store_ids`",
            "merchants.toml:4: store_ids: has \"x\", which is not a store id; write",
            "merchants.toml:5: ipn_url: is ftp, neither http nor https; write",
            "merchants.toml:6: ledger_currency: \"CHF\" is not one of its values; write",
            "merchants.toml:8: public_key_id: \"LIVE-K\" is a LIVE key; write",
            "merchants.toml:9: public_key_file: \"none.pub\" cannot be read: ",
            "merchants.toml:12: public_key_file: \"private.pem\" holds a private key; name",
            "merchants.toml:14: public_key_id: \"K\" stands in line 11, too; give",
            "merchants.toml:15: public_key_file: \"bad.pub\" is no key; name",
            "merchants.toml:16: merchant_id: is missing; write",
            "merchants.toml:16: store_ids: is missing; write",
            "merchants.toml:16: key: is missing; begin",
        ] {
            assert!(told.lines().any(|line| line.starts_with(start)), "{start}\n---\n{told}");
        }
        assert_eq!(told.lines().count(), 13, "{told}");
    }

    #[test]
    fn a_file_without_merchants_is_no_use() {
        assert!(read("").unwrap_err().starts_with("merchants.toml: has no merchant in it; "));
        assert!(read("merchant = 1").unwrap_err().starts_with("merchants.toml:1: merchant: is not a list of tables; "));
        assert!(read("[[merchant").unwrap_err().contains("merchants.toml:1: not TOML"));
    }
}
