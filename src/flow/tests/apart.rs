//! What a use case does when whoever asked does not wait for it.

use std::pin::pin;

use futures_util::poll;
use tokio::sync::oneshot;

use super::*;

/// A money step goes on when its client hangs up, and the shutdown waits for it.
#[tokio::test]
async fn a_use_case_whose_caller_hung_up_is_finished_before_the_end() {
    let house = House::new().await;
    let (release, released) = oneshot::channel::<()>();
    let (done, mut ended) = oneshot::channel::<()>();
    let use_case = async move {
        released.await.unwrap();
        done.send(()).unwrap();
    };
    {
        let caller = pin!(house.gateway.detached(use_case));
        assert!(poll!(caller).is_pending());
    }
    let mut end = pin!(house.gateway.finish());
    assert!(poll!(&mut end).is_pending());
    release.send(()).unwrap();
    end.await;
    assert_eq!(ended.try_recv(), Ok(()));
}

#[tokio::test]
async fn a_use_case_that_panics_is_told_and_kills_nobody() {
    let house = House::new().await;
    let ended = house.gateway.detached(async { panic!("as the test wants") }).await;
    assert_eq!(ended, Err(Refusal::Internal("a use case did not end")));
}
