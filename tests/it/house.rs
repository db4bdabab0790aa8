//! The rules of the house, read from its own files: imports run downwards, `sandbox` and `amazonpay` know nothing of each
//! other, files stay short, nothing is switched off on the quiet, no private key is tracked.
//!
//! Each rule is a function from a file's text to complaints, so that it can be tried on a made-up bad example below.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// The rooms, top floor first. A room may import from itself and from those below it.
const ROOMS: [&str; 15] = [
    "cli",
    "http",
    "console",
    "demo_shop",
    "sandbox",
    "notify",
    "reconcile",
    "flow",
    "protocol",
    "amazonpay",
    "store",
    "egress",
    "domain",
    "config",
    "telemetry",
];

/// Rooms that share nothing, whatever their order: a mistake in one must not cancel itself out in the other.
const STRANGERS: [(&str, &str); 2] = [("sandbox", "amazonpay"), ("amazonpay", "sandbox")];

/// The most lines of a source file.
const LINES_MAX: usize = 500;

/// What is not written here, and what is instead. Looked for in code only, so that these texts pass.
const FORBIDDEN: [(&str, &str); 3] = [
    ("#[allow(", "use #[expect(lint, reason = \"...\")]"),
    ("#![allow(", "use #![expect(lint, reason = \"...\")]"),
    ("#[ignore", "a test that does not run is no test"),
];

#[test]
fn imports_run_downwards() {
    assert_no_complaints(&sources("src"), import_complaints);
}

#[test]
fn files_are_short() {
    assert_no_complaints(&all_sources(), length_complaints);
}

#[test]
fn nothing_is_switched_off() {
    assert_no_complaints(&all_sources(), forbidden_complaints);
}

#[test]
fn no_private_key_is_tracked() {
    let complaints: Vec<String> = tracked_files()
        .into_iter()
        .filter(|path| fs::read(path).is_ok_and(|bytes| holds_private_key(&String::from_utf8_lossy(&bytes))))
        .map(|path| format!("{}: holds a private key", path.display()))
        .collect();
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

/// A new folder under `src/` must be given its floor, or the rules would pass it by.
#[test]
fn every_room_has_its_floor() {
    let known = BTreeSet::from(ROOMS.map(str::to_owned));
    let unknown: Vec<String> = sources("src")
        .iter()
        .filter_map(|file| file.room().map(str::to_owned))
        .filter(|it| !known.contains(it))
        .collect();
    assert!(unknown.is_empty(), "rooms that are not in the order of tests/it/house.rs: {unknown:?}");
    assert!(!sources("src").is_empty() && !tracked_files().is_empty(), "nothing was read");
}

// --- The rules ------------------------------------------------------------------------------------------------------

fn import_complaints(file: &Source) -> Vec<String> {
    let Some(room) = file.room() else { return Vec::new() };
    let Some(floor) = ROOMS.iter().position(|it| *it == room) else { return Vec::new() };
    let mut complaints = Vec::new();
    for (line, target) in imports(file) {
        let Some(target_floor) = ROOMS.iter().position(|it| *it == target) else { continue };
        let place = format!("{}:{line}", file.path);
        if STRANGERS.contains(&(room, target.as_str())) {
            complaints.push(format!("{place}: `{room}` imports `{target}`; these two share no code, ever"));
        } else if target_floor < floor {
            let order = ROOMS.join(", ");
            complaints.push(format!(
                "{place}: `{room}` imports `{target}`, which is upwards; imports run only downwards in: {order}"
            ));
        }
    }
    complaints
}

fn length_complaints(file: &Source) -> Vec<String> {
    let lines = file.text.lines().count();
    if lines <= LINES_MAX {
        return Vec::new();
    }
    vec![format!("{}: {lines} lines; split it, {LINES_MAX} is the most", file.path)]
}

fn forbidden_complaints(file: &Source) -> Vec<String> {
    let code = code_only(&file.text);
    let mut complaints = Vec::new();
    for (number, line) in code.lines().enumerate() {
        let compact: String = line.chars().filter(|c| !c.is_whitespace()).collect();
        for (word, instead) in FORBIDDEN {
            if compact.contains(word) {
                complaints.push(format!("{}:{}: `{word}` is not used here: {instead}", file.path, number + 1));
            }
        }
    }
    complaints
}

/// Whether a PEM header of a private key is followed by enough Base64 to be one; a header alone, as in a test of the
/// parser, is not.
fn holds_private_key(text: &str) -> bool {
    const BASE64_CHARS_MIN: usize = 64;
    let header = concat!("PRIVATE", " KEY-----");
    text.match_indices(header).any(|(at, _)| {
        let body = text[at + header.len()..].replace("\\n", "\n");
        let base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/');
        body.chars().filter(|c| !c.is_whitespace()).take_while(|c| base64(*c)).count() >= BASE64_CHARS_MIN
    })
}

// --- Reading Rust ---------------------------------------------------------------------------------------------------

/// Every room that `file` names by a path from the crate's root, with the line: `crate::room`, `crate::{room, …}`, and
/// `super::…` where it leads there.
fn imports(file: &Source) -> Vec<(usize, String)> {
    let code = code_only(&file.text);
    let roots = ["crate::".to_owned(), format!("\nuse {}", "super::".repeat(file.depth()))];
    let mut found = Vec::new();
    for root in roots {
        for (at, _) in code.match_indices(&root) {
            let within_a_name = code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            if !within_a_name {
                let line = code[..at + root.len()].lines().count();
                found.extend(first_names(&code[at + root.len()..]).into_iter().map(|name| (line, name)));
            }
        }
    }
    found
}

/// The first name of each path at the start of `code`: one, or one for each item of a group in braces.
fn first_names(code: &str) -> Vec<String> {
    let name =
        |text: &str| -> String { text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect() };
    let Some(group) = code.trim_start().strip_prefix('{') else { return vec![name(code)] };
    let (mut names, mut item, mut depth) = (Vec::new(), String::new(), 0_usize);
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(name(&std::mem::take(&mut item))),
            _ => {}
        }
        if depth == 0 && c != ',' {
            item.push(c);
        }
    }
    names.push(name(&item));
    names
}

/// `text` with its comments and literals blanked, line by line in place.
pub(crate) fn code_only(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            '"' => string_length(rest),
            'r' if !code.ends_with(|c: char| c.is_alphanumeric() || c == '_') => raw_string_length(rest).unwrap_or(0),
            '\'' => char_length(rest).unwrap_or(0),
            _ => 0,
        };
        if length == 0 {
            code.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            code.extend(rest[..length].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
            rest = &rest[length..];
        }
    }
    code
}

fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn raw_string_length(text: &str) -> Option<usize> {
    let hashes = text[1..].chars().take_while(|c| *c == '#').count();
    let body = text[1 + hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let start = text.len() - body.len();
    Some(body.find(&end).map_or(text.len(), |at| start + at + end.len()))
}

/// The length of a character literal; `None` for a lifetime.
fn char_length(text: &str) -> Option<usize> {
    let mut chars = text.char_indices().skip(1);
    let (_, first) = chars.next()?;
    let from = if first == '\\' { chars.next()?.0 + 1 } else { 1 + first.len_utf8() };
    let end = text.get(from..)?.find('\'')? + from;
    (first == '\\' || end == from).then_some(end + 1)
}

// --- Reading the repository -----------------------------------------------------------------------------------------

pub(crate) struct Source {
    /// From the repository's root, with slashes.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Source {
    /// The room that it is in; none for what stands beside the rooms, which sees them all.
    fn room(&self) -> Option<&str> {
        self.path.strip_prefix("src/")?.split_once('/').map(|(room, _)| room)
    }

    /// How many `super::` lead to the crate's root.
    fn depth(&self) -> usize {
        let folders = self.path.matches('/').count() - 1;
        if self.path.ends_with("/mod.rs") { folders } else { folders + 1 }
    }
}

fn assert_no_complaints(sources: &[Source], rule: impl Fn(&Source) -> Vec<String>) {
    let complaints: Vec<String> = sources.iter().flat_map(rule).collect();
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn all_sources() -> Vec<Source> {
    let mut all = sources("src");
    all.extend(sources("tests"));
    all.extend(sources("fuzz"));
    all
}

/// Every `.rs` file under `folder`; fails the test where one cannot be read.
pub(crate) fn sources(folder: &str) -> Vec<Source> {
    let mut paths = Vec::new();
    walk(&root().join(folder), &mut paths).unwrap_or_else(|error| panic!("cannot walk {folder}: {error}"));
    paths.sort();
    let rust = paths.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    rust.map(|path| {
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()));
        let relative = path.strip_prefix(root()).unwrap_or(&path);
        Source { path: relative.to_string_lossy().replace('\\', "/"), text }
    })
    .collect()
}

/// The files under version control; without git, every file that is not plainly the product of a build.
fn tracked_files() -> Vec<PathBuf> {
    let listed = std::process::Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output();
    if let Ok(output) = listed
        && output.status.success()
    {
        let names = String::from_utf8_lossy(&output.stdout).into_owned();
        return names.split_terminator('\0').map(|name| root().join(name)).collect();
    }
    let mut paths = Vec::new();
    walk(root(), &mut paths).unwrap_or_else(|error| panic!("cannot walk the repository: {error}"));
    paths
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let built = [".git", "target", "data", "artifacts"].iter().any(|name| entry.file_name() == *name);
        if entry.file_type()?.is_dir() && !built {
            walk(&entry.path(), paths)?;
        } else if entry.file_type()?.is_file() {
            paths.push(entry.path());
        }
    }
    Ok(())
}

// --- The rules on made-up examples ----------------------------------------------------------------------------------

fn source(path: &str, text: &str) -> Source {
    Source { path: path.to_owned(), text: text.to_owned() }
}

#[test]
fn an_import_upwards_is_found_however_it_is_written() {
    for text in [
        "use crate::flow::EntryTran;",
        "pub(crate) use crate::flow::EntryTran;",
        "use crate::{domain::Yen, flow::EntryTran};",
        "use crate::{\n    domain::{Yen, flow},\n    flow,\n};",
        "fn f() { crate::flow::entry_tran(); }",
        "let quote = '\"'; let x = crate::flow::y; // \"",
        "\nuse super::super::flow::EntryTran;",
    ] {
        let complaints = import_complaints(&source("src/store/sqlite.rs", text));
        assert_eq!(complaints.len(), 1, "{text}: {complaints:?}");
        assert!(
            complaints[0].starts_with("src/store/sqlite.rs:") && complaints[0].contains("`flow`"),
            "{complaints:?}"
        );
    }
    let deep = source("src/store/mod.rs", "//! Store.\nuse super::flow::X;\n");
    assert!(import_complaints(&deep)[0].starts_with("src/store/mod.rs:2: `store` imports `flow`, which is upwards"));
}

#[test]
fn what_is_no_import_upwards_is_left_alone() {
    for text in [
        "use crate::domain::Yen;",
        "use crate::store::schema;",
        "use super::flow;",
        "use super::super::domain::Yen;",
        "// crate::flow::EntryTran, and [`crate::flow`] too",
        "/* crate::flow */ fn f<'a>(x: &'a str) {}",
        "let text = \"http://crate::flow \\\" crate::flow\";",
        "let text = r#\"\"crate::flow\"\"#;",
        "use mycrate::flow;",
        "use crate::{domain::flow, egress::{flow, client}};",
    ] {
        assert_eq!(import_complaints(&source("src/store/sqlite.rs", text)), Vec::<String>::new(), "{text}");
    }
    assert_eq!(import_complaints(&source("src/lib.rs", "use crate::cli;")), Vec::<String>::new());
}

#[test]
fn strangers_stay_strangers_in_both_directions() {
    let down = source("src/sandbox/api.rs", "use crate::amazonpay::Price;");
    let up = source("src/amazonpay/client.rs", "#[cfg(test)]\nuse crate::sandbox::Ledger;");
    for (file, line) in [(down, 1), (up, 2)] {
        let complaint = &import_complaints(&file)[0];
        assert!(complaint.starts_with(&format!("{}:{line}: ", file.path)), "{complaint}");
        assert!(complaint.ends_with("these two share no code, ever"), "{complaint}");
    }
}

#[test]
fn long_files_and_switched_off_rules_are_found() {
    let lines = |count| source("src/flow/long.rs", &"\n".repeat(count));
    assert_eq!(length_complaints(&lines(LINES_MAX)).len(), 0);
    assert_eq!(length_complaints(&lines(LINES_MAX + 1)).len(), 1);

    let bad = source("src/flow/x.rs", "#[allow(dead_code)]\n#! [ allow(x)]\n#[test]\n#[ignore = \"slow\"]\n");
    assert_eq!(forbidden_complaints(&bad).len(), 3);
    let good = source("src/flow/x.rs", "// #[allow(x)] is not used\nlet s = \"#[ignore]\";");
    assert_eq!(forbidden_complaints(&good).len(), 0);
}

#[test]
fn a_private_key_is_told_from_its_header() {
    let header = format!("-----BEGIN {} KEY-----", "PRIVATE");
    let body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\nMzEfYyjiWA4R4";
    assert!(holds_private_key(&format!("{header}\n{body}\n")));
    assert!(holds_private_key(&format!("\"{header}\\n{}\"", body.replace('\n', "\\n"))));
    assert!(!holds_private_key(&format!("{header}\nMIIE\n")));
    assert!(!holds_private_key(&format!(
        "{header}, said the page, is how every key begins, and so does this sentence."
    )));
    assert!(!holds_private_key(&format!("-----BEGIN PUBLIC KEY-----\n{body}\n")));
}
