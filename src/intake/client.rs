//! The MQTT client, for 3.1.1 and for 5: the one file that knows it, so that it is easy to swap.

use rumqttc::mqttbytes::Error as Packets;
use rumqttc::v5::mqttbytes::Error as Packets5;
use rumqttc::v5::mqttbytes::QoS as QoS5;
use rumqttc::v5::mqttbytes::v5 as packets5;
use rumqttc::{
    ConnectionError, Event, MqttOptions, Packet, Publish, QoS, StateError, SubscribeFilter,
    SubscribeReasonCode, TlsConfiguration, Transport, v5,
};

use super::broker::{Plan, Version};
use crate::model::limits::MQTT_FRAME_MAX;

/// How long a broker keeps the session of a service that is away, in seconds: a week (3.1.1 has no such limit).
const SESSION_SECONDS: u32 = 7 * 24 * 3600;

/// Sends requests; clones share the connection.
#[derive(Clone)]
pub(super) enum Client {
    V4(rumqttc::AsyncClient),
    V5(v5::AsyncClient),
}

/// What comes, one thing after the other. Never to be polled inside a `select!`: the client changes its state before
/// it waits.
pub(super) enum Line {
    V4(Box<rumqttc::EventLoop>),
    V5(Box<v5::EventLoop>),
}

/// What came.
pub(super) enum Polled {
    /// `session`: the broker remembers us, and what we missed comes now.
    Connected {
        session: bool,
    },
    /// The answer to a subscription; the places of the filters that were refused.
    Subscribed {
        refused: Vec<usize>,
    },
    Arrived(Arrived),
    Nothing,
}

/// One publication, to be acknowledged once it is durable.
pub(super) enum Arrived {
    V4(Publish),
    V5(packets5::Publish),
}

/// Why the connection was lost.
pub(super) struct Lost {
    pub reason: String,
    /// A publication of so many bytes is above the limit; the broker will send it again.
    pub too_large: Option<usize>,
}

impl Arrived {
    pub fn topic(&self) -> String {
        match self {
            Arrived::V4(publish) => publish.topic.clone(),
            Arrived::V5(publish) => String::from_utf8_lossy(&publish.topic).into_owned(),
        }
    }
    pub fn body(&self) -> &[u8] {
        match self {
            Arrived::V4(publish) => &publish.payload,
            Arrived::V5(publish) => &publish.payload,
        }
    }
    pub fn is_retained(&self) -> bool {
        match self {
            Arrived::V4(publish) => publish.retain,
            Arrived::V5(publish) => publish.retain,
        }
    }
}

impl Client {
    /// Nothing is connected before the line is polled. At most `requests` wait to be sent.
    pub fn new(plan: &Plan, requests: usize) -> (Client, Line) {
        match plan.version {
            Version::V4 => {
                let (client, line) = rumqttc::AsyncClient::new(options(plan), requests);
                (Client::V4(client), Line::V4(Box::new(line)))
            }
            Version::V5 => {
                let (client, line) = v5::AsyncClient::new(options5(plan), requests);
                (Client::V5(client), Line::V5(Box::new(line)))
            }
        }
    }

    /// Asks for topics. Waits for room among acknowledgements that only the poll takes away, so never from the task
    /// that polls.
    pub async fn subscribe(&self, filters: Vec<String>) -> Result<(), String> {
        match self {
            Client::V4(client) => {
                let wanted = filters.into_iter().map(|path| SubscribeFilter::new(path, QoS::AtLeastOnce));
                client.subscribe_many(wanted).await.map_err(|error| error.to_string())
            }
            Client::V5(client) => {
                let wanted = filters.into_iter().map(|path| packets5::Filter::new(path, QoS5::AtLeastOnce));
                client.subscribe_many(wanted).await.map_err(|error| error.to_string())
            }
        }
    }

    /// Tells the broker that a publication is durable.
    pub fn acknowledge(&self, arrived: &Arrived) {
        // One that cannot be told comes again, which has no second effect.
        match (self, arrived) {
            (Client::V4(client), Arrived::V4(publish)) => drop(client.try_ack(publish)),
            (Client::V5(client), Arrived::V5(publish)) => drop(client.try_ack(publish)),
            (Client::V4(_), Arrived::V5(_)) | (Client::V5(_), Arrived::V4(_)) => {}
        }
    }
}

impl Line {
    pub async fn poll(&mut self) -> Result<Polled, Lost> {
        match self {
            Line::V4(line) => match line.poll().await {
                Ok(Event::Incoming(packet)) => Ok(polled(packet)),
                Ok(Event::Outgoing(_)) => Ok(Polled::Nothing),
                Err(error) => Err(lost(&error)),
            },
            Line::V5(line) => match line.poll().await {
                Ok(v5::Event::Incoming(packet)) => Ok(polled5(packet)),
                Ok(v5::Event::Outgoing(_)) => Ok(Polled::Nothing),
                Err(error) => Err(lost5(&error)),
            },
        }
    }

    /// From the next connection on: another password, another certificate.
    pub fn renew(&mut self, plan: &Plan) {
        match self {
            Line::V4(line) => line.mqtt_options = options(plan),
            Line::V5(line) => line.options = options5(plan),
        }
    }

    /// The largest publication the next connection takes, in bytes.
    pub fn allow(&mut self, bytes: usize) {
        match self {
            Line::V4(line) => drop(line.mqtt_options.set_max_packet_size(bytes, MQTT_FRAME_MAX)),
            // The broker of a 5 client keeps larger ones to itself.
            Line::V5(_) => {}
        }
    }
}

fn options(plan: &Plan) -> MqttOptions {
    let mut options = MqttOptions::new(&plan.client_id, &plan.host, plan.port);
    options.set_keep_alive(plan.keep_alive);
    // The session lives on at the broker, so what comes while we are away is kept there.
    options.set_clean_session(false);
    options.set_manual_acks(true);
    // The client's own default of 10 KiB makes one larger payload block everything behind it, for ever.
    options.set_max_packet_size(MQTT_FRAME_MAX, MQTT_FRAME_MAX);
    if let Some((user, password)) = &plan.login {
        options.set_credentials(user, password);
    }
    if let Some(tls) = &plan.tls {
        options.set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(tls.clone())));
    }
    options
}

fn options5(plan: &Plan) -> v5::MqttOptions {
    let mut options = v5::MqttOptions::new(&plan.client_id, &plan.host, plan.port);
    options.set_keep_alive(plan.keep_alive);
    options.set_clean_start(false);
    options.set_session_expiry_interval(Some(SESSION_SECONDS));
    options.set_manual_acks(true);
    options.set_max_packet_size(u32::try_from(MQTT_FRAME_MAX).ok());
    options.set_receive_maximum(u16::try_from(super::mqtt::STORING).ok());
    if let Some((user, password)) = &plan.login {
        options.set_credentials(user, password);
    }
    if let Some(tls) = &plan.tls {
        options.set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(tls.clone())));
    }
    options
}

fn polled(packet: Packet) -> Polled {
    match packet {
        Packet::ConnAck(answer) => Polled::Connected { session: answer.session_present },
        Packet::SubAck(answer) => {
            let refused = |(_, code): &(usize, &SubscribeReasonCode)| **code == SubscribeReasonCode::Failure;
            let codes = answer.return_codes.iter().enumerate().filter(refused);
            Polled::Subscribed { refused: codes.map(|(place, _)| place).collect() }
        }
        Packet::Publish(publish) => Polled::Arrived(Arrived::V4(publish)),
        _ => Polled::Nothing,
    }
}

fn polled5(packet: packets5::Packet) -> Polled {
    match packet {
        packets5::Packet::ConnAck(answer) => Polled::Connected { session: answer.session_present },
        packets5::Packet::SubAck(answer) => {
            let refused = |(_, code): &(usize, &packets5::SubscribeReasonCode)| {
                !matches!(code, packets5::SubscribeReasonCode::Success(_))
            };
            let codes = answer.return_codes.iter().enumerate().filter(refused);
            Polled::Subscribed { refused: codes.map(|(place, _)| place).collect() }
        }
        packets5::Packet::Publish(publish) => Polled::Arrived(Arrived::V5(publish)),
        _ => Polled::Nothing,
    }
}

fn lost(error: &ConnectionError) -> Lost {
    let too_large = match error {
        ConnectionError::MqttState(StateError::Deserialization(Packets::PayloadSizeLimitExceeded(bytes))) => {
            Some(*bytes)
        }
        _ => None,
    };
    Lost { reason: error.to_string(), too_large }
}

fn lost5(error: &v5::ConnectionError) -> Lost {
    let too_large = match error {
        v5::ConnectionError::MqttState(v5::StateError::Deserialization(
            Packets5::PayloadSizeLimitExceeded { pkt_size, .. },
        )) => Some(*pkt_size),
        _ => None,
    };
    Lost { reason: error.to_string(), too_large }
}
