//! Files that are partly or wholly made by the tests. A test makes them anew; where what it makes is not what stands in the
//! repository it writes the file and fails, so that a change is seen, looked at and committed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

const BEGIN: &str = "<!-- generated: ";
const END: &str = "<!-- end of generated -->";

/// Holds the generated parts of a Markdown file against `parts`, by the names in their markers.
pub(super) fn hold_parts(path: &str, mut parts: BTreeMap<String, String>) {
    let present = read(path);
    let mut made = String::new();
    let mut rest = present.as_str();
    while let Some(begin) = rest.find(BEGIN) {
        let (before, marker) = rest.split_at(begin);
        let (name, inside) = marker[BEGIN.len()..].split_once(" -->").expect("a marker ends with -->");
        let (_, after) = inside.split_once(END).unwrap_or_else(|| panic!("{path}: {name} has no end"));
        let part = parts.remove(name).unwrap_or_else(|| panic!("{path}: nobody makes the part {name:?}"));
        write!(made, "{before}{BEGIN}{name} -->\n\n{}\n\n{END}", part.trim_end()).unwrap();
        rest = after;
    }
    made.push_str(rest);
    assert!(parts.is_empty(), "{path} has no place for {:?}", parts.keys());
    hold(path, &made);
}

/// Holds a whole file against `made`.
pub(super) fn hold(path: &str, made: &str) {
    if std::fs::read_to_string(full(path)).ok().as_deref() == Some(made) {
        return;
    }
    std::fs::write(full(path), made).unwrap_or_else(|error| panic!("{path}: {error}"));
    panic!("{path} was out of date and has been written anew: look at the difference and commit it");
}

fn read(path: &str) -> String {
    std::fs::read_to_string(full(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn full(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
