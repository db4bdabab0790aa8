//! The check string: how a shop recognises that a result came from the gateway and not from its buyer.

use sha2::{Digest as _, Sha256};

use crate::domain::{AccessId, ChargePermissionId, OrderId, ShopId};

/// SHA-256, in lower-case hex, of OrderID, AccessID, ShopID, ShopPass and `AmazonChargePermissionID`, one after
/// the other without a separator (psp-protocol 8). Without a permission, as after a failure, its place stays empty (13.13).
///
/// `shop_pass` is the shop's password in clear.
pub fn check_string(
    order_id: &OrderId,
    access_id: &AccessId,
    shop_id: &ShopId,
    shop_pass: &str,
    charge_permission_id: Option<&ChargePermissionId>,
) -> String {
    let mut hash = Sha256::new();
    hash.update(order_id.as_str());
    hash.update(access_id.as_str());
    hash.update(shop_id.as_str());
    hash.update(shop_pass);
    hash.update(charge_permission_id.map_or("", ChargePermissionId::as_str));
    hex::encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(charge_permission_id: Option<&ChargePermissionId>) -> String {
        let order = OrderId::new("ORDER0000001").unwrap();
        let access = AccessId::new("0123456789abcdef0123456789abcdef").unwrap();
        let shop = ShopId::new("tshop11223344").unwrap();
        check_string(&order, &access, &shop, "PASSWORD", charge_permission_id)
    }

    #[test]
    fn the_vector_with_a_permission() {
        let permission = ChargePermissionId::new("P03-1234567-1234567").unwrap();
        assert_eq!(of(Some(&permission)), "aae08ffeb053290cce521cec848a615c3e252253e22e5a1093afaddf69ce833f");
    }

    #[test]
    fn the_vector_without_one() {
        assert_eq!(of(None), "019650a7d51c3b7361e756dfcf94d6bf42f4b71bdbbd357f48195177c7e604d2");
    }
}
