//! Whose turn it is: shares places among shops, so that no shop can take them all.
//!
//! Shops take turns, and nobody gets more than a few places in one. So a shop that is owed fifty thousand notifications
//! takes as many turns for them as it needs, and one that is owed a single one waits for at most one turn of each other
//! shop. A shop for which nothing is answered loses its places but one: what hangs costs its own shop, and no other, a
//! place. They come back, one with each answer.

use std::collections::HashMap;

use super::ids::ShopId;

/// How many places there are, and for whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Places {
    /// Over all shops.
    pub all: u32,
    /// For one shop.
    pub per_shop: u32,
    /// For one shop in one turn.
    pub per_turn: u32,
}

/// The places, and who has them.
#[derive(Debug)]
pub struct Turns {
    places: Places,
    /// Whoever had the last turn; the next one begins after it.
    last: Option<ShopId>,
    lanes: HashMap<ShopId, Lane>,
}

#[derive(Debug)]
struct Lane {
    under_way: u32,
    /// How many may be.
    width: u32,
}

impl Turns {
    /// Nobody has a place.
    pub fn new(places: Places) -> Self {
        Self { places, last: None, lanes: HashMap::new() }
    }

    /// Shares the free places among `due`, the shops that have something to do, by id; answers each shop's share.
    pub fn share(&mut self, due: &[ShopId]) -> Vec<(ShopId, u32)> {
        let mut free = self.free();
        let first = self.last.as_ref().map_or(0, |last| due.partition_point(|shop| shop <= last));
        let mut shares = Vec::new();
        for shop in due[first..].iter().chain(&due[..first]) {
            let share = self.room(shop).min(self.places.per_turn).min(free);
            if share > 0 {
                free -= share;
                shares.push((shop.clone(), share));
            }
        }
        if let Some((shop, _)) = shares.last() {
            self.last = Some(shop.clone());
        }
        shares
    }

    /// How many places are free.
    pub fn free(&self) -> u32 {
        self.places.all.saturating_sub(self.lanes.values().map(|lane| lane.under_way).sum())
    }

    /// How many of the free ones `shop` may have.
    pub fn room(&self, shop: &ShopId) -> u32 {
        let own = self.lanes.get(shop).map_or(self.places.per_shop, |lane| lane.width.saturating_sub(lane.under_way));
        own.min(self.free())
    }

    /// `shop` takes a place.
    pub fn began(&mut self, shop: &ShopId) {
        let lane = Lane { under_way: 0, width: self.places.per_shop };
        self.lanes.entry(shop.clone()).or_insert(lane).under_way += 1;
    }

    /// `shop` leaves a place. `answered` says whether whoever was asked for it answered, whatever the answer was.
    pub fn ended(&mut self, shop: &ShopId, answered: bool) {
        let Some(lane) = self.lanes.get_mut(shop) else { return };
        lane.under_way = lane.under_way.saturating_sub(1);
        lane.width = if answered { (lane.width + 1).min(self.places.per_shop) } else { 1 };
        // A lane that is as if nothing had happened need not be remembered.
        if lane.under_way == 0 && lane.width == self.places.per_shop {
            self.lanes.remove(shop);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns() -> Turns {
        Turns::new(Places { all: 128, per_shop: 8, per_turn: 4 })
    }

    fn shop(number: usize) -> ShopId {
        ShopId::new(format!("tshop{number:08}")).unwrap()
    }

    fn shops(numbers: std::ops::Range<usize>) -> Vec<ShopId> {
        numbers.map(shop).collect()
    }

    /// Shares, and takes all of it on.
    fn take(turns: &mut Turns, due: &[ShopId]) -> Vec<(ShopId, u32)> {
        let shares = turns.share(due);
        for (shop, share) in &shares {
            (0..*share).for_each(|_| turns.began(shop));
        }
        shares
    }

    #[test]
    fn one_shop_never_has_more_than_its_places() {
        let mut turns = turns();
        let due = shops(1..2);
        assert_eq!(take(&mut turns, &due), [(shop(1), 4)]);
        assert_eq!(take(&mut turns, &due), [(shop(1), 4)]);
        assert_eq!(take(&mut turns, &due), []);
        turns.ended(&shop(1), true);
        assert_eq!(take(&mut turns, &due), [(shop(1), 1)]);
    }

    /// More shops than places: whoever got none is first the next time, and nobody comes twice before everybody came.
    #[test]
    fn everybody_has_a_turn_before_anybody_has_two() {
        let mut turns = turns();
        let due = shops(0..100);
        let mut order = Vec::new();
        while order.len() < 100 {
            let taken = take(&mut turns, &due);
            assert!(!taken.is_empty());
            for (shop, count) in taken {
                (0..count).for_each(|_| turns.ended(&shop, true));
                order.push(shop);
            }
        }
        assert_eq!(order[..100], due[..]);
    }

    /// What is shared in one round are the free places, and no more.
    #[test]
    fn no_more_is_shared_than_is_free() {
        let mut turns = Turns::new(Places { all: 10, per_shop: 8, per_turn: 4 });
        assert_eq!(take(&mut turns, &shops(0..100)), [(shop(0), 4), (shop(1), 4), (shop(2), 2)]);
        assert_eq!((take(&mut turns, &shops(0..100)), turns.free()), (Vec::new(), 0));
    }

    /// However much the first is owed, and whether it answers or not, the others' next notification is taken on in the
    /// very next round.
    #[test]
    fn a_shop_that_hangs_delays_nobody_by_more_than_a_round() {
        let mut turns = turns();
        let hanging = shop(0);
        take(&mut turns, std::slice::from_ref(&hanging));
        take(&mut turns, std::slice::from_ref(&hanging));
        for round in 1..100 {
            let due = [hanging.clone(), shop(round)];
            let taken = take(&mut turns, &due);
            assert!(taken.contains(&(shop(round), 4)), "round {round}: {taken:?}");
            (0..4).for_each(|_| turns.ended(&shop(round), true));
        }
    }

    #[test]
    fn a_server_that_does_not_answer_keeps_one_place_until_it_does() {
        let mut turns = turns();
        let due = shops(1..2);
        take(&mut turns, &due);
        take(&mut turns, &due);
        (0..8).for_each(|_| turns.ended(&shop(1), false));
        assert_eq!(take(&mut turns, &due), [(shop(1), 1)]);
        turns.ended(&shop(1), true);
        assert_eq!(take(&mut turns, &due), [(shop(1), 2)]);
        for _ in 0..40 {
            turns.ended(&shop(1), true);
            take(&mut turns, &due);
        }
        assert_eq!(turns.lanes[&shop(1)].width, 8);
    }

    /// So many shops may hang at once before the others feel it: each holds one place.
    #[test]
    fn a_hundred_servers_that_hang_leave_room() {
        let mut turns = turns();
        let hanging = shops(0..100);
        for _ in 0..40 {
            for (shop, count) in take(&mut turns, &hanging) {
                (0..count).for_each(|_| turns.ended(&shop, false));
            }
        }
        take(&mut turns, &hanging);
        assert_eq!(turns.free(), 28);
        assert_eq!(take(&mut turns, &shops(200..201)), [(shop(200), 4)]);
    }

    #[test]
    fn what_is_quiet_is_forgotten() {
        let mut turns = turns();
        take(&mut turns, &shops(0..10));
        for shop in shops(0..10) {
            (0..4).for_each(|_| turns.ended(&shop, true));
        }
        assert!(turns.lanes.is_empty());
        turns.ended(&shop(77), true);
        assert_eq!((turns.share(&[]), turns.free()), (Vec::new(), 128));
    }
}
