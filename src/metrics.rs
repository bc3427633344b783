//! Floor 2. Counters and timings in the format Prometheus reads. No label ever holds a patient.

use prometheus::{
    Encoder, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry, TextEncoder,
};

/// Every figure the service counts. Clones share the same counters.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Registry,
    /// Messages by way in (`mllp`, `mqtt`, `http`) and answer (`AA`, `AE`, `AR`, …, `repeated`).
    pub messages: IntCounterVec,
    /// Rows that went to quarantine, by source and class of reason.
    pub rejections: IntCounterVec,
    /// Messages that were used although something about them is odd, by what.
    pub oddities: IntCounterVec,
    /// What framing saw beside messages: `garbage`, `truncated`, `too_large`, `stalled`, `refused`.
    pub framing: IntCounterVec,
    /// Open MLLP connections.
    pub connections: IntGauge,
    /// Seconds from the last byte of a message to its answer.
    pub answer_seconds: HistogramVec,
    /// Entries folded.
    pub entries: IntCounter,
    /// Seconds to fold one entry.
    pub fold_seconds: Histogram,
    /// Newest entry in the journal and newest folded: their difference is the lag.
    pub journal_seq: IntGauge,
    pub folded_seq: IntGauge,
    /// Alert changes by rule and change.
    pub alerts: IntCounterVec,
    /// Open alerts by priority.
    pub open_alerts: IntGaugeVec,
    /// Seconds from an alert to its acknowledgement, by priority.
    pub acknowledge_seconds: HistogramVec,
    /// Connected displays and consoles.
    pub sockets: IntGauge,
    /// Fresh snapshots given to subscribers that fell behind.
    pub resyncs: IntCounter,
    /// Notifications by channel and outcome.
    pub deliveries: IntCounterVec,
    /// MQTT connection state by broker: 1 connected, 0 not.
    pub broker_up: IntGaugeVec,
}

impl Default for Metrics {
    fn default() -> Metrics {
        Metrics::new()
    }
}

impl Metrics {
    pub fn new() -> Metrics {
        let make = Maker(Registry::new());
        let quick = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0];
        let fold_seconds = Histogram::with_opts(
            HistogramOpts::new("stormwatch_fold_seconds", "Seconds to fold one entry")
                .buckets(vec![0.000_01, 0.000_05, 0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.1]),
        )
        .expect("names are constants");
        make.keep(&fold_seconds);
        Metrics {
            messages: make.counters(
                "stormwatch_messages_total",
                "Messages by way in and answer",
                &["via", "answer"],
            ),
            rejections: make.counters(
                "stormwatch_quarantined_total",
                "Rows put into quarantine",
                &["source", "class"],
            ),
            oddities: make.counters(
                "stormwatch_oddities_total",
                "Messages used although something about them is odd",
                &["what"],
            ),
            framing: make.counters(
                "stormwatch_mllp_framing_total",
                "What MLLP framing saw beside messages",
                &["what"],
            ),
            connections: make.gauge("stormwatch_mllp_connections", "Open MLLP connections"),
            answer_seconds: make.seconds(
                "stormwatch_answer_seconds",
                "Seconds from a message's last byte to its durable answer",
                &["via"],
                &quick,
            ),
            entries: make.counter("stormwatch_entries_total", "Entries folded"),
            fold_seconds,
            journal_seq: make.gauge("stormwatch_journal_seq", "Newest entry in the journal"),
            folded_seq: make.gauge("stormwatch_folded_seq", "Newest entry folded"),
            alerts: make.counters("stormwatch_alert_changes_total", "Alert changes", &["rule", "change"]),
            open_alerts: make.gauges("stormwatch_open_alerts", "Open alerts", &["priority"]),
            acknowledge_seconds: make.seconds(
                "stormwatch_acknowledge_seconds",
                "Seconds from an alert to its acknowledgement",
                &["priority"],
                &[5.0, 15.0, 30.0, 60.0, 180.0, 300.0, 600.0, 1800.0, 3600.0],
            ),
            sockets: make.gauge("stormwatch_sockets", "Connected displays and consoles"),
            resyncs: make.counter(
                "stormwatch_socket_resyncs_total",
                "Fresh snapshots for subscribers that fell behind",
            ),
            deliveries: make.counters(
                "stormwatch_deliveries_total",
                "Notifications by channel and outcome",
                &["channel", "outcome"],
            ),
            broker_up: make.gauges("stormwatch_mqtt_up", "MQTT connection state", &["broker"]),
            registry: make.0,
        }
    }

    /// The text a Prometheus server scrapes.
    pub fn text(&self) -> String {
        let mut text = Vec::new();
        // Encoding into memory fails only where a name is malformed; names are constants.
        let _ = TextEncoder::new().encode(&self.registry.gather(), &mut text);
        String::from_utf8(text).unwrap_or_default()
    }
}

/// Makes figures and registers each. Names and labels are constants, so nothing here can fail.
struct Maker(Registry);

impl Maker {
    fn keep<C: prometheus::core::Collector + Clone + 'static>(&self, made: &C) {
        self.0.register(Box::new(made.clone())).expect("each name is registered once");
    }
    fn counters(&self, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
        let made = IntCounterVec::new(Opts::new(name, help), labels).expect("names and labels are constants");
        self.keep(&made);
        made
    }
    fn counter(&self, name: &str, help: &str) -> IntCounter {
        let made = IntCounter::new(name, help).expect("names are constants");
        self.keep(&made);
        made
    }
    fn gauge(&self, name: &str, help: &str) -> IntGauge {
        let made = IntGauge::new(name, help).expect("names are constants");
        self.keep(&made);
        made
    }
    fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
        let made = IntGaugeVec::new(Opts::new(name, help), labels).expect("names and labels are constants");
        self.keep(&made);
        made
    }
    fn seconds(&self, name: &str, help: &str, labels: &[&str], buckets: &[f64]) -> HistogramVec {
        let options = HistogramOpts::new(name, help).buckets(buckets.to_vec());
        let made = HistogramVec::new(options, labels).expect("names and labels are constants");
        self.keep(&made);
        made
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_is_scraped_once_it_counted() {
        let metrics = Metrics::new();
        metrics.messages.with_label_values(&["mllp", "AA"]).inc();
        let text = metrics.text();
        assert!(text.contains(r#"stormwatch_messages_total{answer="AA",via="mllp"} 1"#), "{text}");
        assert!(text.contains("stormwatch_folded_seq 0"));
    }
}
