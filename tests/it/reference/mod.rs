//! The documents that are made of the protocol's tables and of flows that were really played.

pub(crate) mod exchange;
pub(crate) mod scenes;

#[tokio::test]
async fn try_out() {
    for scene in scenes::play_all().await {
        for it in &scene.exchanges {
            println!("## {} {:?} {}\n{}\n\n{:.900}\n", it.title, it.call, it.refused, it.request, it.response);
        }
        println!("{:?}\n{:#?}", scene.result_post, scene.notifications);
    }
}
