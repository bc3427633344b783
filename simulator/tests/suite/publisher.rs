//! Our own publisher against the real broker and somebody else's subscriber.

use std::time::Duration;

use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, Packet, QoS};
use stormwatch_simulator::broker::Mosquitto;
use stormwatch_simulator::publish::{Broker, Publication, Published, publish, settled};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout};

fn publication(number: usize) -> Publication {
    Publication {
        topic: "stormwatch/v1/6E/07/vitals".into(),
        body: format!("{{\"n\":{number}}}").into_bytes(),
    }
}

async fn subscribe(address: std::net::SocketAddr) -> (AsyncClient, EventLoop) {
    let options = MqttOptions::new("listener", address.ip().to_string(), address.port());
    let (client, mut events) = AsyncClient::new(options, 10);
    client.subscribe("stormwatch/v1/+/+/vitals", QoS::AtLeastOnce).await.unwrap();
    while !matches!(events.poll().await.unwrap(), Event::Incoming(Packet::SubAck(_))) {}
    (client, events)
}

/// Reads until `wanted` different bodies came; the order of their first coming.
async fn read(events: &mut EventLoop, wanted: usize) -> Vec<String> {
    let mut bodies: Vec<String> = Vec::new();
    let reading = async {
        while bodies.len() < wanted {
            if let Event::Incoming(Packet::Publish(p)) = events.poll().await.unwrap() {
                let body = String::from_utf8(p.payload.to_vec()).unwrap();
                if !bodies.contains(&body) {
                    bodies.push(body);
                }
            }
        }
    };
    timeout(Duration::from_secs(60), reading).await.expect("every message arrives within a minute");
    bodies
}

fn publisher(
    broker: &Mosquitto,
) -> (mpsc::Sender<Publication>, watch::Receiver<Published>, tokio::task::JoinHandle<()>) {
    let (queue, messages) = mpsc::channel(1000);
    let (tell, counts) = watch::channel(Published::default());
    let target = Broker::parse(&format!("mqtt://{}", broker.address)).unwrap();
    (queue, counts, tokio::spawn(publish(target, "test-publisher".into(), messages, tell)))
}

#[tokio::test]
async fn what_is_published_before_anybody_subscribes_arrives_in_order_once_somebody_does() {
    let broker = Mosquitto::start("127.0.0.1:0").await.unwrap();
    let (queue, mut counts, task) = publisher(&broker);
    for number in 0..120 {
        queue.send(publication(number)).await.unwrap();
    }
    drop(queue);
    let early = settled(&mut counts, 1, Instant::now() + Duration::from_millis(400)).await;
    assert!(!early, "nothing counts as delivered while nobody listens");
    let (_client, mut events) = subscribe(broker.address).await;
    let bodies = read(&mut events, 120).await;
    let expected: Vec<String> = (0..120).map(|n| format!("{{\"n\":{n}}}")).collect();
    assert_eq!(bodies, expected);
    timeout(Duration::from_secs(60), task).await.unwrap().unwrap();
    assert_eq!(*counts.borrow(), Published { sent: 120, acknowledged: 120, refused: 0 });
    broker.stop().await.unwrap();
}

#[tokio::test]
async fn a_broker_that_goes_away_and_comes_back_gets_everything() {
    let first = Mosquitto::start("127.0.0.1:0").await.unwrap();
    let address = first.address;
    let (queue, mut counts, _task) = publisher(&first);
    let (client, mut events) = subscribe(address).await;
    queue.send(publication(0)).await.unwrap();
    assert_eq!(read(&mut events, 1).await.len(), 1);
    assert!(settled(&mut counts, 1, Instant::now() + Duration::from_secs(60)).await);
    drop((client, events));
    first.stop().await.unwrap();
    for number in 1..30 {
        queue.send(publication(number)).await.unwrap();
    }
    let second = Mosquitto::start(&address.to_string()).await.unwrap();
    let (_client, mut events) = subscribe(address).await;
    assert_eq!(read(&mut events, 29).await.len(), 29);
    assert!(settled(&mut counts, 30, Instant::now() + Duration::from_secs(60)).await);
    second.stop().await.unwrap();
}

#[tokio::test]
async fn a_taken_port_is_named_with_the_way_out() {
    let broker = Mosquitto::start("127.0.0.1:0").await.unwrap();
    let error = Mosquitto::start(&broker.address.to_string()).await.err().unwrap().to_string();
    assert!(error.contains("already listens") && error.contains("--mqtt"), "{error}");
    broker.stop().await.unwrap();
}
