//! The operations that have a page, and what each page says of its own.
//!
//! The sample code of 2019 has fourteen pages: twelve operations, the button (`signin`) and the page that the buyer comes
//! back to (`resultPage`). Complete Checkout Session came later, and nothing is paid without it; so it has a page, too.

use crate::sandbox::api::Operation;

/// What an operation is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Object {
    /// Nothing that exists.
    Nothing,
    Session,
    Permission,
    Charge,
    Refund,
}

impl Object {
    /// What the API calls its id.
    pub(super) const fn id_name(self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::Session => "checkoutSessionId",
            Self::Permission => "chargePermissionId",
            Self::Charge => "chargeId",
            Self::Refund => "refundId",
        }
    }
}

/// A text in Japanese and in English.
pub(super) type Words = (&'static str, &'static str);

/// One operation's page.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) operation: Operation,
    pub(super) method: &'static str,
    /// With `{id}` where the object's id stands, if it stands in the path.
    pub(super) template: &'static str,
    /// What it is about.
    pub(super) object: Object,
    /// Whether there is a body.
    pub(super) has_body: bool,
    /// Whether it takes an idempotency key (amazon-pay 2.1).
    pub(super) is_keyed: bool,
    /// In a few words.
    pub(super) title: Words,
    /// What it does, and what has to be there first.
    pub(super) what: Words,
}

impl Page {
    /// The last part of the page's address: the operation's name.
    pub(super) const fn name(&self) -> &'static str {
        self.operation.name()
    }

    /// The page of this operation.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        PAGES.iter().find(|page| page.name() == name)
    }

    /// Whether the object's id stands in the path.
    pub(super) fn has_path_parameter(&self) -> bool {
        self.template.contains("{id}")
    }
}

/// In the order of a purchase.
pub(super) static PAGES: [Page; 13] = [
    Page {
        operation: Operation::CreateCheckoutSession,
        method: "POST",
        template: "/v2/checkoutSessions",
        object: Object::Nothing,
        has_body: true,
        is_keyed: true,
        title: ("Checkout Session を作る", "Make a checkout session"),
        what: (
            "1 回の購入の入れものを作ります。購入者の戻り先は、このドライバの結果ページです。ボタンの署名で始める場合は、この操作は要りません。",
            "Makes what one purchase is kept in. The buyer comes back to this driver’s result page. A checkout that begins with a signed button does without it.",
        ),
    },
    Page {
        operation: Operation::GetCheckoutSession,
        method: "GET",
        template: "/v2/checkoutSessions/{id}",
        object: Object::Session,
        has_body: false,
        is_keyed: false,
        title: ("Checkout Session を見る", "Look at a checkout session"),
        what: (
            "今の状態、購入者が選んだ送付先と支払方法、まだ足りないもの（constraints）を返します。",
            "Answers its state, what the buyer has chosen, and what is still missing (constraints).",
        ),
    },
    Page {
        operation: Operation::UpdateCheckoutSession,
        method: "PATCH",
        template: "/v2/checkoutSessions/{id}",
        object: Object::Session,
        has_body: true,
        is_keyed: false,
        title: ("Checkout Session に金額を入れる", "Put the amount into a checkout session"),
        what: (
            "金額、決済の種類、注文番号を書き込みます。足りないものがなくなると webCheckoutDetails.amazonPayRedirectUrl が返ります。購入者をそこへ送ると、支払いに進みます。",
            "Sets amount, payment intent and order number. Once nothing is missing it answers webCheckoutDetails.amazonPayRedirectUrl; send the buyer there to pay.",
        ),
    },
    Page {
        operation: Operation::CompleteCheckoutSession,
        method: "POST",
        template: "/v2/checkoutSessions/{id}/complete",
        object: Object::Session,
        has_body: true,
        is_keyed: true,
        title: ("Checkout Session を確定する", "Complete a checkout session"),
        what: (
            "購入者が支払いを終えた後に、同じ金額を伝えて確定します。Charge Permission と Charge ができます。2019 年のサンプルコードにはなく、今の API で必要な操作です。",
            "After the buyer has paid, names the same amount once more and makes charge permission and charge. The sample code of 2019 has no such page; today’s API needs it.",
        ),
    },
    Page {
        operation: Operation::GetChargePermission,
        method: "GET",
        template: "/v2/chargePermissions/{id}",
        object: Object::Permission,
        has_body: false,
        is_keyed: false,
        title: ("Charge Permission を見る", "Look at a charge permission"),
        what: (
            "購入者の同意が今も使えるか、あといくら課金できるか（limits）を返します。",
            "Answers whether the buyer’s consent still holds, and how much may be charged on it (limits).",
        ),
    },
    Page {
        operation: Operation::UpdateChargePermission,
        method: "PATCH",
        template: "/v2/chargePermissions/{id}",
        object: Object::Permission,
        has_body: true,
        is_keyed: false,
        title: ("Charge Permission を書き換える", "Change a charge permission"),
        what: (
            "注文番号やお店の名前など、merchantMetadata を書き換えます。閉じたものは書き換えられません。",
            "Changes merchantMetadata, such as the order number. What is closed cannot be changed.",
        ),
    },
    Page {
        operation: Operation::CreateCharge,
        method: "POST",
        template: "/v2/charges",
        object: Object::Permission,
        has_body: true,
        is_keyed: true,
        title: ("もう一度オーソリを取る", "Charge a permission"),
        what: (
            "Charge Permission の残額のうちから、新しいオーソリを取ります。分割の出荷、オーソリの期限切れ、定期購入に使います。",
            "Authorizes a new charge within what is left of the permission: for parts of an order, after an authorization has lapsed, for subscriptions.",
        ),
    },
    Page {
        operation: Operation::GetCharge,
        method: "GET",
        template: "/v2/charges/{id}",
        object: Object::Charge,
        has_body: false,
        is_keyed: false,
        title: ("Charge を見る", "Look at a charge"),
        what: ("オーソリと売上請求の状態と金額を返します。", "Answers state and amounts of authorization and capture."),
    },
    Page {
        operation: Operation::CaptureCharge,
        method: "POST",
        template: "/v2/charges/{id}/capture",
        object: Object::Charge,
        has_body: true,
        is_keyed: true,
        title: ("売上請求する", "Capture a charge"),
        what: (
            "オーソリ済みの Charge を売上にします。オーソリより少ない金額でも構いません。1 つの Charge に 1 回だけです。",
            "Takes the money that an authorized charge holds, or less of it. Once for each charge.",
        ),
    },
    Page {
        operation: Operation::CancelCharge,
        method: "DELETE",
        template: "/v2/charges/{id}/cancel",
        object: Object::Charge,
        has_body: true,
        is_keyed: false,
        title: ("オーソリを取り消す", "Cancel a charge"),
        what: (
            "売上請求の前の Charge を取り消します。Charge Permission にはその分の残額が戻ります。",
            "Lets go of a charge that is not captured. Its amount may then be charged again.",
        ),
    },
    Page {
        operation: Operation::CreateRefund,
        method: "POST",
        template: "/v2/refunds",
        object: Object::Charge,
        has_body: true,
        is_keyed: true,
        title: ("返金する", "Refund a charge"),
        what: (
            "売上になった Charge の一部または全部を返金します。結果は、サンドボックスの時計で 30 秒後に決まります。",
            "Gives back a captured charge or a part of it. It is done 30 seconds later on the sandbox’s clock.",
        ),
    },
    Page {
        operation: Operation::GetRefund,
        method: "GET",
        template: "/v2/refunds/{id}",
        object: Object::Refund,
        has_body: false,
        is_keyed: false,
        title: ("返金を見る", "Look at a refund"),
        what: ("返金の状態と金額を返します。", "Answers state and amount of a refund."),
    },
    Page {
        operation: Operation::CloseChargePermission,
        method: "DELETE",
        template: "/v2/chargePermissions/{id}/close",
        object: Object::Permission,
        has_body: true,
        is_keyed: false,
        title: ("Charge Permission を閉じる", "Close a charge permission"),
        what: (
            "これ以上課金しないことにします。cancelPendingCharges が true なら、売上請求の前の Charge も取り消します。",
            "Nothing can be charged any more. With cancelPendingCharges true, charges that are not captured are cancelled, too.",
        ),
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The pages of the sample code, by the ends of their names (seed 000, ドライバページ URL).
    const OF_2019: [&str; 14] = [
        "signin",
        "cancelCharge",
        "captureCharge",
        "closeChargePermission",
        "createCharge",
        "createCheckoutSession",
        "createRefund",
        "getCharge",
        "getChargePermission",
        "getCheckoutSession",
        "getRefund",
        "resultPage",
        "updateChargePermission",
        "updateCheckoutSession",
    ];

    #[test]
    fn every_page_of_the_sample_code_is_here_and_one_more() {
        let mut here: BTreeSet<&str> = PAGES.iter().map(Page::name).collect();
        here.extend(["signin", "resultPage"]);
        let of_2019 = BTreeSet::from(OF_2019);
        assert!(here.is_superset(&of_2019));
        assert_eq!(here.difference(&of_2019).collect::<Vec<_>>(), [&"completeCheckoutSession"]);
    }
}
