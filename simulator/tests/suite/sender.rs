use std::time::Duration;

use stormwatch_simulator::send::{Mllp, control_of};

use crate::support::{Receiver, Reply};

fn message(number: usize) -> String {
    format!("MSH|^~\\&|LIS|KUH|STORMWATCH|KUH|20261122081500+0900||ORU^R01|M{number}|P|2.5\rPID|1||7\r")
}

fn sender(receiver: &Receiver) -> Mllp {
    Mllp::with_patience(&receiver.address, Duration::from_secs(5))
}

#[tokio::test]
async fn a_message_whose_answer_was_lost_is_sent_again_under_the_same_id() {
    let receiver = Receiver::start(|count| if count == 1 { Reply::Hang } else { Reply::Accept }).await;
    let mut mllp = sender(&receiver);
    for number in 0..4 {
        assert!(mllp.send(&message(number)).await.is_good());
    }
    let received = receiver.messages();
    let controls: Vec<&str> = received.iter().map(|m| control_of(m)).collect();
    assert_eq!(controls, ["M0", "M1", "M1", "M2", "M3"]);
    assert_eq!(received[1], received[2], "the same bytes");
}

#[tokio::test]
async fn a_refusal_is_told_with_its_reason_and_the_message_is_not_repeated() {
    let receiver = Receiver::start(|_| Reply::Reject).await;
    let answer = sender(&receiver).send(&message(1)).await;
    assert_eq!(answer.code, "AE");
    assert!(answer.text.contains("unknown unit") && answer.text.contains("OBX^1^6"));
    assert_eq!(receiver.messages().len(), 1);
}

#[tokio::test]
async fn a_receiver_that_cannot_store_now_gets_the_message_again() {
    let receiver = Receiver::start(|count| if count < 2 { Reply::NotNow } else { Reply::Accept }).await;
    assert!(sender(&receiver).send(&message(1)).await.is_good());
    assert_eq!(receiver.messages().len(), 3);
}

#[tokio::test]
async fn an_answer_to_another_message_is_not_taken_for_ours() {
    let receiver = Receiver::start(|_| Reply::Late).await;
    let mut mllp = sender(&receiver);
    for number in 0..3 {
        assert_eq!(mllp.send(&message(number)).await.control, format!("M{number}"));
    }
}

#[tokio::test]
async fn after_half_a_block_and_garbage_the_next_message_arrives_whole() {
    let receiver = Receiver::start(|_| Reply::Accept).await;
    let mut mllp = sender(&receiver);
    mllp.break_off(b"\x0bMSH|^~\\&|half").await;
    Mllp::new(&receiver.address).babble(b"GET / HTTP/1.1\r\n\r\n").await;
    assert!(mllp.send(&message(9)).await.is_good());
    assert_eq!(receiver.messages(), [message(9)]);
}

#[tokio::test]
async fn a_receiver_that_comes_up_later_is_waited_for() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut mllp = Mllp::with_patience(&free.to_string(), Duration::from_secs(2));
    let waiting = tokio::spawn(async move { mllp.send(&message(1)).await });
    tokio::task::yield_now().await;
    let listener = tokio::net::TcpListener::bind(free).await.unwrap();
    let (mut stream, _) = listener.accept().await.unwrap();
    let text = "MSH|^~\\&|S\rMSA|AA|M1\r";
    tokio::io::AsyncWriteExt::write_all(&mut stream, &stormwatch_simulator::send::frame(text.as_bytes()))
        .await
        .unwrap();
    assert!(waiting.await.unwrap().is_good());
}
