//! Objects by their ids, in the order in which they were made, with a note of which have changed since somebody asked:
//! that is how a sandbox with a data file knows what to write.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::ops::Deref;

use serde::Serialize;
use serde::de::{DeserializeOwned, Error as _};

use super::keeping::Changes;

/// One object as it is kept in a data file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What it is, such as `charge`.
    pub kind: String,
    /// Unique within its kind.
    pub id: String,
    /// The object, in JSON.
    pub body: String,
}

/// All objects of one kind.
pub(super) struct Table<T> {
    kind: &'static str,
    places: HashMap<String, usize>,
    objects: Vec<(String, T)>,
    changed: BTreeSet<usize>,
    /// Those that changed since [`Table::take_touched`], which has another rhythm.
    touched: BTreeSet<usize>,
}

impl<T> Table<T> {
    /// An empty table. `kind` is what its rows are called in a data file, for ever.
    pub(super) fn new(kind: &'static str) -> Self {
        Self { kind, places: HashMap::new(), objects: Vec::new(), changed: BTreeSet::new(), touched: BTreeSet::new() }
    }

    pub(super) fn get(&self, id: &str) -> Option<&T> {
        self.objects.get(*self.places.get(id)?).map(|(_, object)| object)
    }

    /// The object, to be changed.
    pub(super) fn get_mut(&mut self, id: &str) -> Option<&mut T> {
        let place = *self.places.get(id)?;
        self.changed.insert(place);
        self.touched.insert(place);
        self.objects.get_mut(place).map(|(_, object)| object)
    }

    pub(super) fn contains_key(&self, id: &str) -> bool {
        self.places.contains_key(id)
    }

    /// Adds the object, or puts it in the place of the one with this id.
    pub(super) fn insert(&mut self, id: String, object: T) {
        if let Some(old) = self.get_mut(&id) {
            *old = object;
            return;
        }
        let place = self.objects.len();
        self.changed.insert(place);
        self.touched.insert(place);
        self.places.insert(id.clone(), place);
        self.objects.push((id, object));
    }

    /// The ids of those that may have changed since the last call, older ones first.
    pub(super) fn take_touched(&mut self) -> Vec<String> {
        let touched = std::mem::take(&mut self.touched);
        touched.into_iter().filter_map(|place| Some(self.objects.get(place)?.0.clone())).collect()
    }

    /// All, newest first; those made before `before`, where it is given. `None` where there is none with that id.
    pub(super) fn newest<'a>(&'a self, before: Option<&str>) -> Option<impl Iterator<Item = &'a T> + use<'a, T>> {
        let end = match before {
            None => self.objects.len(),
            Some(id) => *self.places.get(id)?,
        };
        Some(self.objects.iter().take(end).rev().map(|(_, object)| object))
    }

    /// All, oldest first.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.objects.iter().map(|(_, object)| object)
    }

    /// All with their ids, oldest first.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &T)> {
        self.objects.iter().map(|(id, object)| (id.as_str(), object))
    }
}

/// What a ledger does with each of its tables, whatever is in them.
pub(super) trait Keep {
    /// What its rows are called.
    fn kind(&self) -> &'static str;
    /// Adds a row for each object that changed since the last call, older objects first, and the names of those that are
    /// gone; forgets that they did and are.
    fn drain(&mut self, changes: &mut Changes);
    /// Forgets what changed.
    fn forget_changes(&mut self);
    /// Puts an object back that was kept; it does not count as changed.
    fn put_back(&mut self, id: &str, body: &str) -> Result<(), serde_json::Error>;
}

impl<T: Serialize + DeserializeOwned> Keep for Table<T> {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn drain(&mut self, changes: &mut Changes) {
        let places = std::mem::take(&mut self.changed);
        self.touched.clear();
        for (id, object) in places.into_iter().filter_map(|place| self.objects.get(place)) {
            // An object of these plain types always becomes JSON; one that did not would only not be kept.
            let body = serde_json::to_string(object).ok();
            changes.rows.extend(body.map(|body| Row { kind: self.kind.to_owned(), id: id.clone(), body }));
        }
    }

    fn forget_changes(&mut self) {
        self.changed.clear();
        self.touched.clear();
    }

    fn put_back(&mut self, id: &str, body: &str) -> Result<(), serde_json::Error> {
        self.insert(id.to_owned(), serde_json::from_str(body)?);
        Keep::forget_changes(self);
        Ok(())
    }
}

/// Entries that never change, in the order in which they were made.
pub(super) struct Journal<T> {
    kind: &'static str,
    entries: Vec<T>,
    /// How many of them, from the start, have been drained.
    drained: usize,
}

impl<T> Journal<T> {
    /// An empty journal; `kind` as in [`Table::new`].
    pub(super) fn new(kind: &'static str) -> Self {
        Self { kind, entries: Vec::new(), drained: 0 }
    }

    pub(super) fn push(&mut self, entry: T) {
        self.entries.push(entry);
    }
}

impl<T> Deref for Journal<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.entries
    }
}

impl<T: Serialize + DeserializeOwned> Keep for Journal<T> {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn drain(&mut self, changes: &mut Changes) {
        for (number, entry) in self.entries.iter().enumerate().skip(self.drained) {
            let body = serde_json::to_string(entry).ok();
            changes.rows.extend(body.map(|body| Row { kind: self.kind.to_owned(), id: number.to_string(), body }));
        }
        self.forget_changes();
    }

    fn forget_changes(&mut self) {
        self.drained = self.entries.len();
    }

    fn put_back(&mut self, _: &str, body: &str) -> Result<(), serde_json::Error> {
        self.entries.push(serde_json::from_str(body)?);
        self.forget_changes();
        Ok(())
    }
}

/// Entries that wait for somebody who takes them, in the order in which they came.
pub(super) struct Queue<T> {
    kind: &'static str,
    /// Each with its number.
    entries: VecDeque<(u64, T)>,
    next: u64,
    /// Those with smaller numbers have been drained.
    drained: u64,
    /// Drained before, and taken since.
    gone: Vec<u64>,
}

impl<T> Queue<T> {
    /// An empty queue; `kind` as in [`Table::new`].
    pub(super) const fn new(kind: &'static str) -> Self {
        Self { kind, entries: VecDeque::new(), next: 0, drained: 0, gone: Vec::new() }
    }

    pub(super) fn push(&mut self, entry: T) {
        self.entries.push_back((self.next, entry));
        self.next += 1;
    }

    /// Forgets what waits, as if nothing had ever been drained; numbers go on where they were.
    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.gone.clear();
        self.drained = self.next;
    }

    /// What waits, oldest first, each with its number.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &(u64, T)> {
        self.entries.iter()
    }

    /// Those up to and with this number are taken.
    pub(super) fn take_through(&mut self, last: u64) {
        while let Some((number, _)) = self.entries.pop_front_if(|(number, _)| *number <= last) {
            self.gone.extend((number < self.drained).then_some(number));
        }
    }
}

impl<T> Extend<T> for Queue<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, entries: I) {
        entries.into_iter().for_each(|entry| self.push(entry));
    }
}

impl<T: Serialize + DeserializeOwned> Keep for Queue<T> {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn drain(&mut self, changes: &mut Changes) {
        changes.gone.extend(self.gone.drain(..).map(|number| (self.kind.to_owned(), number.to_string())));
        for (number, entry) in self.entries.iter().filter(|(number, _)| *number >= self.drained) {
            let body = serde_json::to_string(entry).ok();
            let row = |body| Row { kind: self.kind.to_owned(), id: number.to_string(), body };
            changes.rows.extend(body.map(row));
        }
        self.drained = self.next;
    }

    fn forget_changes(&mut self) {
        self.drained = self.next;
        self.gone.clear();
    }

    fn put_back(&mut self, id: &str, body: &str) -> Result<(), serde_json::Error> {
        let number: u64 = id.parse().map_err(serde_json::Error::custom)?;
        self.entries.push_back((number, serde_json::from_str(body)?));
        self.next = self.next.max(number + 1);
        self.forget_changes();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_is_drained_once_and_can_be_put_back_in_its_order() {
        let mut table = Table::new("number");
        for (id, number) in [("z", 1), ("a", 2), ("m", 3)] {
            table.insert(id.to_owned(), number);
        }
        let drained = |kept: &mut dyn Keep| {
            let mut changes = Changes::default();
            kept.drain(&mut changes);
            assert!(changes.gone.is_empty(), "nothing ever goes");
            changes.rows
        };
        let rows = drained(&mut table);
        assert_eq!(drained(&mut table), []);
        let ids: Vec<_> = rows.iter().map(|row| row.id.as_str()).collect();
        assert_eq!(ids, ["z", "a", "m"]);
        *table.get_mut("a").expect("there") += 10;
        table.insert("b".to_owned(), 4);
        let later = drained(&mut table);
        assert_eq!(later.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["a", "b"]);

        let mut again = Table::<i32>::new("number");
        for row in rows.iter().chain(&later) {
            again.put_back(&row.id, &row.body).expect("JSON");
        }
        assert_eq!(again.iter().copied().collect::<Vec<_>>(), [1, 12, 3, 4]);
        assert_eq!(drained(&mut again), []);
        assert!(again.put_back("x", "{").is_err());
    }

    #[test]
    fn what_was_taken_from_a_queue_is_gone_from_the_file_if_it_ever_was_there() {
        let mut queue = Queue::new("word");
        let drained = |queue: &mut Queue<String>| {
            let mut changes = Changes::default();
            queue.drain(&mut changes);
            let gone: Vec<_> = changes.gone.into_iter().map(|(_, id)| id).collect();
            (changes.rows, gone)
        };
        queue.extend(["a", "b"].map(str::to_owned));
        queue.take_through(0);
        let (rows, gone) = drained(&mut queue);
        assert_eq!(rows.iter().map(|row| row.body.as_str()).collect::<Vec<_>>(), ["\"b\""], "a was never written");
        assert!(gone.is_empty());

        let mut again = Queue::new("word");
        again.put_back(&rows[0].id, &rows[0].body).expect("JSON");
        again.push("c".to_owned());
        let numbers: Vec<_> = again.waiting().map(|(number, word)| (*number, word.as_str())).collect();
        assert_eq!(numbers, [(1, "b"), (2, "c")]);
        again.take_through(1);
        let (rows, gone) = drained(&mut again);
        assert_eq!((rows.len(), gone), (1, vec!["1".to_owned()]));
        assert!(again.put_back("x", "\"d\"").is_err() && again.put_back("3", "4").is_err());
    }
}
