//! Whole answers, byte for byte: status, headers, body of every call in either style, as they come in each flow.

use std::fmt::Write as _;

use crate::reference::scenes;

#[tokio::test]
async fn every_answer_of_every_flow() {
    for scene in scenes::play_all().await {
        let mut seen = String::new();
        for it in &scene.exchanges {
            write!(seen, "--- {}\n{}\n\n{}\n\n", it.title, it.request, it.response).unwrap();
        }
        if let Some(post) = &scene.result_post {
            write!(seen, "--- The browser, to RetURL\n{post}\n\n").unwrap();
        }
        // They may overtake each other.
        let mut notifications = scene.notifications;
        notifications.sort();
        for body in notifications {
            write!(seen, "--- A notification\n{body}\n\n").unwrap();
        }
        insta::with_settings!({omit_expression => true}, {
            insta::assert_snapshot!(scene.name.replace(' ', "_"), seen);
        });
    }
}
