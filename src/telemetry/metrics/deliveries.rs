//! The metrics of deliveries to subscribers and webhooks.

use std::time::Duration;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

use super::TopicLabel;

/// The labels of an attempt to deliver.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DeliveryLabels {
    kind: String,
    outcome: String,
}

/// The label of waiting deliveries.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabel {
    kind: String,
}

/// The metrics of deliveries.
#[derive(Debug)]
pub(super) struct DeliveryMetrics {
    attempts: Family<DeliveryLabels, Counter>,
    delay: Histogram,
    subscribers: Family<TopicLabel, Gauge>,
    waiting: Family<KindLabel, Gauge>,
    failing: Gauge,
}

impl Default for DeliveryMetrics {
    fn default() -> Self {
        Self {
            attempts: Family::default(),
            delay: Histogram::new([0.1, 0.5, 1.0, 5.0, 30.0, 300.0, 3600.0, 86_400.0]),
            subscribers: Family::default(),
            waiting: Family::default(),
            failing: Gauge::default(),
        }
    }
}

impl DeliveryMetrics {
    pub(super) fn register(&self, own: &mut Registry) {
        own.register(
            "deliveries",
            "Attempts to deliver to subscribers and webhooks, by kind and outcome",
            self.attempts.clone(),
        );
        own.register(
            "delivery_delay_seconds",
            "Time from a change to its delivery",
            self.delay.clone(),
        );
        own.register(
            "topic_subscribers",
            "Subscribers of the topic's feeds",
            self.subscribers.clone(),
        );
        own.register("deliveries_waiting", "Deliveries that wait to be sent", self.waiting.clone());
        own.register(
            "receivers_failing",
            "Subscribers, hubs and webhooks whose last delivery failed",
            self.failing.clone(),
        );
    }

    /// Counts an attempt, and the delay of one that succeeded.
    pub(super) fn count(&self, kind: &str, outcome: &str, delay: Duration) {
        let labels = DeliveryLabels { kind: kind.to_owned(), outcome: outcome.to_owned() };
        self.attempts.get_or_create(&labels).inc();
        if outcome == "delivered" {
            self.delay.observe(delay.as_secs_f64());
        }
    }

    /// Sets the gauges.
    pub(super) fn set(
        &self,
        subscribers: &[(String, u64)],
        waiting: &[(String, u64)],
        failing: u64,
    ) {
        let signed = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        self.failing.set(signed(failing));
        self.subscribers.clear();
        self.waiting.clear();
        for (topic, count) in subscribers {
            let of = TopicLabel { topic: topic.clone() };
            self.subscribers.get_or_create(&of).set(signed(*count));
        }
        for (kind, count) in waiting {
            self.waiting.get_or_create(&KindLabel { kind: kind.clone() }).set(signed(*count));
        }
    }
}
