//! Reads one table of a TOML file, key by key. A wrong value is noted with its line and reading goes on, so that the
//! operator hears of all mistakes at once; a key that nobody asked for is a mistake too.

use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::mistake::{ConfigErrors, Mistake, Place};

/// What is wrong with a value and what to write instead; its place is added by whoever knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) problem: String,
    pub(super) remedy: String,
}

impl Wrong {
    pub(super) fn new(problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { problem: problem.into(), remedy: remedy.into() }
    }
}

/// A value that was found and is well-formed, and where.
#[derive(Debug, Clone)]
pub(super) struct Given<T> {
    pub(super) value: T,
    pub(super) place: Place,
}

/// A file's text, for turning byte offsets into lines.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) file: &'a Path,
    pub(super) text: &'a str,
}

impl<'a> Source<'a> {
    /// The file's top-level table; or every error of syntax in it.
    pub(super) fn parse(self) -> Result<Spanned<DeTable<'a>>, ConfigErrors> {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        let mistakes = errors.iter().map(|error| {
            let at = error.span().map_or(self.text.len(), |span| span.start);
            let remedy = "write `key = \"text\"`, `key = 123` or `key = true`, each on its own line and only once";
            self.place(at, "").mistake(format!("not TOML: {}", error.message()), remedy)
        });
        ConfigErrors::or(table, mistakes.collect())
    }

    pub(super) fn place(self, at: usize, key: &str) -> Place {
        let before = &self.text.as_bytes()[..at.min(self.text.len())];
        let line = before.split(|b| *b == b'\n').count();
        Place { file: self.file.to_owned(), line, key: key.to_owned() }
    }
}

/// One table, while it is read.
pub(super) struct Section<'a> {
    source: Source<'a>,
    /// The line that a missing key is reported at: the table's header.
    header: usize,
    table: &'a DeTable<'a>,
    asked: Vec<String>,
    mistakes: Vec<Mistake>,
}

impl<'a> Section<'a> {
    /// Begins to read `table`, whose header stands at byte `header`.
    pub(super) fn new(source: Source<'a>, header: usize, table: &'a DeTable<'a>) -> Self {
        Self { source, header, table, asked: Vec::new(), mistakes: Vec::new() }
    }

    /// The value at `key` as `read` understands it; `None` where it is absent, or wrong and noted as such.
    pub(super) fn optional<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(&'a DeValue<'a>) -> Result<T, Wrong>,
    ) -> Option<Given<T>> {
        self.asked.push(key.to_owned());
        let (spanned_key, value) = self.table.get_key_value(key)?;
        let place = self.source.place(spanned_key.span().start, key);
        match read(value.get_ref()) {
            Ok(value) => Some(Given { value, place }),
            Err(wrong) => {
                self.note(&place, wrong);
                None
            }
        }
    }

    /// As [`Self::optional`], but absence is a mistake as well, and `example` says what to write.
    pub(super) fn required<T>(
        &mut self,
        key: &str,
        example: &str,
        read: impl FnOnce(&'a DeValue<'a>) -> Result<T, Wrong>,
    ) -> Option<Given<T>> {
        if !self.has(key) {
            self.note(&self.header_place(key), Wrong::new("is missing", format!("write `{key} = {example}`")));
        }
        self.optional(key, read)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Where `key` would have been written.
    pub(super) fn header_place(&self, key: &str) -> Place {
        self.source.place(self.header, key)
    }

    pub(super) fn note(&mut self, place: &Place, wrong: Wrong) {
        self.mistakes.push(place.mistake(wrong.problem, wrong.remedy));
    }

    /// The mistakes found, with one for each key that was not asked for.
    pub(super) fn finish(mut self) -> Vec<Mistake> {
        for (key, _) in self.table {
            let name = key.get_ref().as_ref();
            if !self.asked.iter().any(|asked| asked == name) {
                let place = self.source.place(key.span().start, name);
                let remedy = match nearest(name, &self.asked) {
                    Some(meant) => format!("write `{meant}`, if that is what it means, or remove the line"),
                    None => "remove the line".to_owned(),
                };
                self.mistakes.push(place.mistake("no setting has this name", remedy));
            }
        }
        self.mistakes
    }
}

/// The candidate that differs from `word` by at most two letters, or one in a short word.
fn nearest<'a>(word: &str, candidates: &'a [String]) -> Option<&'a str> {
    let distance_max = if word.len() < 6 { 1 } else { 2 };
    let near = candidates.iter().map(|candidate| (edit_distance(word, candidate), candidate));
    near.filter(|(distance, _)| *distance <= distance_max).min().map(|(_, candidate)| candidate.as_str())
}

/// Levenshtein's distance, a row at a time.
fn edit_distance(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.chars().count()).collect();
    for (i, l) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, r) in right.chars().enumerate() {
            let replaced = diagonal + usize::from(l != r);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_finds_its_key() {
        let keys = ["shop_id", "shop_pass", "name", "notify_url"].map(str::to_owned);
        assert_eq!(nearest("shopid", &keys), Some("shop_id"));
        assert_eq!(nearest("notfy_urls", &keys), Some("notify_url"));
        assert_eq!(nearest("game", &keys), Some("name"));
        assert_eq!(nearest("colour", &keys), None);
        assert_eq!(edit_distance("kitten", "sitting"), 3);
    }
}
