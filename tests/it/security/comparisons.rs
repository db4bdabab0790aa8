//! S3: whatever is compared with a secret is compared by one function, in constant time. This reads the repository: the
//! types that hold secrets cannot be compared at all, and no other comparison names what was taken out of one.

use super::show;
use crate::house::{Source, code_only, sources};

/// The one function, and where it is.
const FUNCTION: &str = "constant_time_eq";
const HOME: &str = "src/config/secret.rs";

/// What would compare in constant time elsewhere, or be a second such function.
const RIVALS: [&str; 6] = ["ct_eq", "ConstantTimeEq", "subtle::", "verify_slice", "verify_truncated", "fixed_time_eq"];

/// The types that hold secrets. Whatever has one inside must not be comparable either.
const TYPES: [&str; 8] =
    ["Secret", "SecretBytes", "SecretString", "SecretBox", "DeploymentKey", "SigningKey", "Credentials", "AccessPair"];

/// Parts of the names of secrets, and of what takes one out of its type.
const WORDS: [&str; 9] = ["pass", "password", "token", "secret", "signature", "mac", "hmac", "csrf", "expose"];
const NAMES: [&str; 4] = ["private_key", "private_pem", "check_string", "cancel_key"];

/// Comparisons that are no stranger's guess.
const EXEMPT: [(&str, &str, &str); 6] = [
    (HOME, "", "the function itself"),
    ("src/cli/demo/auto/", "access_pass", "the demo looks whether the gateway answered the same twice"),
    (
        "src/sandbox/signature/examine.rs",
        "signature",
        "the sandbox's console tells an engineer why a signature was refused",
    ),
    ("src/sandbox/ipn/", "token", "the sandbox simulates Amazon and guards nothing (docs/security.md)"),
    ("src/sandbox/ledger/", "token", "the same"),
    ("src/sandbox/ledger/", "secret", "the same"),
];

const OPERATORS: [&str; 8] = ["==", "!=", ".eq(", ".ne(", ".cmp(", "starts_with(", "ends_with(", ".contains("];

/// The words of a name: `access_pass`, `AccessPass`.
fn words_of(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for c in name.chars() {
        if c == '_' || c.is_uppercase() {
            words.push(String::new());
        }
        if c != '_'
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
    }
    words
}

fn is_secret(name: &str) -> bool {
    let constant = name.chars().all(|c| c.is_uppercase() || c.is_ascii_digit() || c == '_');
    !constant && (NAMES.contains(&name) || words_of(name).iter().any(|word| WORDS.contains(&word.as_str())))
}

/// The names in the two operands of a comparison at `at` in `line`.
fn operands<'a>(line: &'a str, at: usize, operator: &str) -> Vec<&'a str> {
    let ends = |c: char| matches!(c, '{' | '}' | ';' | ',' | '|');
    let left = line[..at].rsplit(ends).next().unwrap_or_default();
    let left = left.rsplit("&&").next().unwrap_or_default();
    let right = line[at + operator.len()..].split(ends).next().unwrap_or_default();
    let right = right.split("&&").next().unwrap_or_default();
    let names = |text: &'a str| text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|name| !name.is_empty());
    names(left).chain(names(right)).collect()
}

/// The code of a file without its tests: those compare whatever they want.
fn code_of(file: &Source) -> String {
    let code = code_only(&file.text);
    let tests = code.find("#[cfg(test)]\nmod tests").unwrap_or(code.len());
    code[..tests].to_owned()
}

fn complaints(file: &Source) -> Vec<String> {
    let mut complaints = Vec::new();
    for (number, line) in code_of(file).lines().enumerate() {
        let exempt =
            |name: &str| EXEMPT.iter().any(|(place, part, _)| file.path.starts_with(place) && name.contains(part));
        let place = format!("{}:{}", file.path, number + 1);
        for rival in RIVALS {
            if line.contains(rival) && file.path != HOME {
                complaints.push(format!("{place}: `{rival}`: compare by `{FUNCTION}`"));
            }
        }
        for operator in OPERATORS {
            for (at, _) in line.match_indices(operator) {
                let secret = operands(line, at, operator).into_iter().find(|name| is_secret(name) && !exempt(name));
                if let Some(name) = secret {
                    complaints.push(format!("{place}: `{name}` is compared by `{operator}`: use `{FUNCTION}`"));
                }
            }
        }
    }
    complaints.extend(comparable_types(file));
    complaints
}

/// Types with a secret inside that can be compared: by a derived `==`, or one written by hand.
fn comparable_types(file: &Source) -> Vec<String> {
    let code = code_of(file);
    let mut complaints = Vec::new();
    for (at, _) in code.match_indices("#[derive(") {
        let derived = code[at..].split(")]").next().unwrap_or_default();
        let item = &code[at + derived.len()..];
        let body = &item[..item.find("\n}").or_else(|| item.find(';')).unwrap_or(item.len())];
        let holds =
            TYPES.into_iter().find(|name| names_in(&body.replace(&format!("{name}::"), "")).any(|it| it == *name));
        let comparable =
            ["PartialEq", "Eq", "Hash", "PartialOrd", "Ord"].iter().any(|one| names_in(derived).any(|it| it == *one));
        if let Some(name) = holds.filter(|_| comparable) {
            let line = code[..at].lines().count() + 1;
            complaints.push(format!("{}:{line}: holds a `{name}` and can be compared", file.path));
        }
    }
    for name in TYPES {
        for implemented in ["PartialEq", "Hash", "Ord", "PartialOrd"] {
            if code.contains(&format!("{implemented} for {name} ")) {
                complaints.push(format!("{}: `{name}` can be compared", file.path));
            }
        }
    }
    complaints
}

fn names_in(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|name| !name.is_empty())
}

#[test]
fn every_comparison_of_a_secret_goes_through_one_function() {
    let files: Vec<Source> = sources("src").into_iter().filter(|file| !is_test(&file.path)).collect();
    let found: Vec<String> = files.iter().flat_map(complaints).collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
    let calls: usize = files.iter().map(|file| code_of(file).matches(&format!("{FUNCTION}(")).count()).sum();
    // The definition, ShopPass, AccessPass, the Token, the cancel key, and the demo shop's CheckString at least.
    assert!(calls >= 6, "{calls}");
    show("S3", format_args!("{calls} comparisons through one function, 0 others in {} files", files.len()));
}

fn is_test(path: &str) -> bool {
    path.contains("tests/") || path.ends_with("tests.rs") || path.ends_with("testing.rs")
}

#[test]
fn a_comparison_is_found_however_it_is_written() {
    let file = |path: &str, text: &str| Source { path: path.to_owned(), text: text.to_owned() };
    for text in [
        "if given == shop_pass { x() }",
        "if access_pass != given.access_pass {",
        "let x = a && request.token == ticket.token;",
        "pass.expose().eq(given)",
        "stored.expose_secret().as_bytes() == given",
        "x.starts_with(secret)",
        "let right = expected.ct_eq(given);",
        "mac.verify_slice(&tag)",
        "if checkString == webhookSignature {",
        "#[derive(Debug, PartialEq)]\nstruct Account {\n    pass: Secret,\n}\n",
        "#[derive(Clone, Eq, Hash)]\npub struct Key(SecretBytes);\n",
        "impl PartialEq for Secret { }",
    ] {
        assert!(!complaints(&file("src/flow/x.rs", text)).is_empty(), "{text}");
    }
    for text in [
        "constant_time_eq(shop_pass.as_bytes(), given)",
        "// if given == shop_pass",
        "if code == codes::TOKEN_INVALID {",
        "if \"shop_pass == x\".is_empty() {",
        "if a == b && is_right(shop_pass) {",
        "#[derive(Debug, Clone)]\nstruct Account {\n    pass: Secret,\n}\n",
        "#[cfg(test)]\nmod tests { fn f() { assert!(pass == secret); } }",
        "if compass == passage {",
    ] {
        assert_eq!(complaints(&file("src/flow/x.rs", text)), Vec::<String>::new(), "{text}");
    }
    assert_eq!(complaints(&file(HOME, "left.ct_eq(right)")), Vec::<String>::new());
}
