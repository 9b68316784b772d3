//! Things in the order they were made, found by name.

use std::collections::HashMap;

/// Something with a name and a time.
pub(crate) trait Named {
    /// Its id.
    fn id(&self) -> &str;
    /// When it was made, in Unix seconds.
    fn created_at(&self) -> i64;
}

/// All things of one kind.
pub(crate) struct Shelf<T> {
    things: Vec<T>,
    places: HashMap<String, usize>,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self { things: Vec::new(), places: HashMap::new() }
    }
}

impl<T: Named> Shelf<T> {
    pub(crate) fn put(&mut self, thing: T) {
        self.places.insert(thing.id().to_owned(), self.things.len());
        self.things.push(thing);
    }

    pub(crate) fn get(&self, id: &str) -> Option<&T> {
        self.places.get(id).and_then(|place| self.things.get(*place))
    }

    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut T> {
        self.places.get(id).and_then(|place| self.things.get_mut(*place))
    }

    /// From the oldest to the newest.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.things.iter()
    }

    /// From the oldest to the newest.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.things.iter_mut()
    }
}
