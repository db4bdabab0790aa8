//! Whose turn it is: shares the places of the senders among the shops that are owed something.
//!
//! Shops take turns, and nobody gets more than a few places in one. So a shop that is owed fifty thousand notifications
//! takes as many turns for them as it needs, and one that is owed a single one waits for at most one turn of each other
//! shop. A shop whose server does not answer loses its places but one: what hangs costs its own shop, and no other, a
//! place. They come back, one with each answer.

use std::collections::HashMap;

use crate::domain::ShopId;
use crate::store::Share;

/// How many notifications are under way at once, over all shops.
const UNDER_WAY_MAX: u32 = 128;
/// How many of them to one shop.
const UNDER_WAY_PER_SHOP_MAX: u32 = 8;
/// How many one shop gets in one turn.
const TURN_MAX: u32 = 4;

/// The places, and who has them.
#[derive(Debug, Default)]
pub(super) struct Turns {
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

impl Default for Lane {
    fn default() -> Self {
        Self { under_way: 0, width: UNDER_WAY_PER_SHOP_MAX }
    }
}

impl Turns {
    /// Shares the free places among `due`, the shops that something is due for, by id.
    pub(super) fn share(&mut self, due: &[ShopId]) -> Vec<Share> {
        let mut free = UNDER_WAY_MAX.saturating_sub(self.under_way());
        let first = self.last.as_ref().map_or(0, |last| due.partition_point(|shop| shop <= last));
        let mut shares = Vec::new();
        for shop in due[first..].iter().chain(&due[..first]) {
            let (under_way, width) =
                self.lanes.get(shop).map_or((0, UNDER_WAY_PER_SHOP_MAX), |l| (l.under_way, l.width));
            let take_max = width.saturating_sub(under_way).min(TURN_MAX).min(free);
            if take_max > 0 {
                free -= take_max;
                shares.push(Share { shop_id: shop.clone(), take_max, under_way_max: UNDER_WAY_PER_SHOP_MAX });
            }
        }
        if let Some(share) = shares.last() {
            self.last = Some(share.shop_id.clone());
        }
        shares
    }

    /// Whether no place is free.
    pub(super) fn are_taken(&self) -> bool {
        self.under_way() >= UNDER_WAY_MAX
    }

    /// A notification of `shop` is under way.
    pub(super) fn began(&mut self, shop: &ShopId) {
        self.lanes.entry(shop.clone()).or_default().under_way += 1;
    }

    /// It is not any more. `answered` says whether the shop's server answered, whatever it said.
    pub(super) fn ended(&mut self, shop: &ShopId, answered: bool) {
        let Some(lane) = self.lanes.get_mut(shop) else { return };
        lane.under_way = lane.under_way.saturating_sub(1);
        lane.width = if answered { (lane.width + 1).min(UNDER_WAY_PER_SHOP_MAX) } else { 1 };
        // A lane that is as if nothing had happened need not be remembered.
        if lane.under_way == 0 && lane.width == UNDER_WAY_PER_SHOP_MAX {
            self.lanes.remove(shop);
        }
    }

    fn under_way(&self) -> u32 {
        self.lanes.values().map(|lane| lane.under_way).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shop(number: usize) -> ShopId {
        ShopId::new(format!("tshop{number:08}")).unwrap()
    }

    fn shops(numbers: std::ops::Range<usize>) -> Vec<ShopId> {
        numbers.map(shop).collect()
    }

    /// Shares, and takes all of it on.
    fn take(turns: &mut Turns, due: &[ShopId]) -> Vec<(ShopId, u32)> {
        let shares = turns.share(due);
        for share in &shares {
            (0..share.take_max).for_each(|_| turns.began(&share.shop_id));
        }
        shares.into_iter().map(|share| (share.shop_id, share.take_max)).collect()
    }

    #[test]
    fn one_shop_never_has_more_than_its_places() {
        let mut turns = Turns::default();
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
        let mut turns = Turns::default();
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

    /// However much the first is owed, and whether it answers or not, the others' next notification is taken on in the
    /// very next round.
    #[test]
    fn a_shop_that_hangs_delays_nobody_by_more_than_a_round() {
        let mut turns = Turns::default();
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
        let mut turns = Turns::default();
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
        assert_eq!(turns.lanes[&shop(1)].width, UNDER_WAY_PER_SHOP_MAX);
    }

    /// So many shops may hang at once before the others feel it: each holds one place.
    #[test]
    fn a_hundred_servers_that_hang_leave_room() {
        let mut turns = Turns::default();
        let hanging = shops(0..100);
        for _ in 0..40 {
            for (shop, count) in take(&mut turns, &hanging) {
                (0..count).for_each(|_| turns.ended(&shop, false));
            }
        }
        take(&mut turns, &hanging);
        assert_eq!(turns.under_way(), 100);
        assert_eq!(take(&mut turns, &shops(200..201)), [(shop(200), 4)]);
    }

    #[test]
    fn what_is_quiet_is_forgotten() {
        let mut turns = Turns::default();
        take(&mut turns, &shops(0..10));
        shops(0..10).iter().for_each(|shop| (0..4).for_each(|_| turns.ended(shop, true)));
        assert!(turns.lanes.is_empty());
        turns.ended(&shop(77), true);
        assert_eq!(turns.share(&[]), []);
    }
}
