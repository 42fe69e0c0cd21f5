//! Trains the topics with `learn = true` from the labels.

use std::sync::Arc;

use tracing::info;

use topic_rules::Rules;

use super::application::{App, TrainedRules};
use crate::{poll::PollSettings, store::StoreError};

impl App {
    /// Trains the rules in force if the training data has changed since they were trained.
    pub async fn retrain(&self) -> Result<(), StoreError> {
        let settings = self.poller.settings.load_full();
        if !settings.rules.has_learning_topics() {
            return Ok(());
        }
        let known_key = self
            .trained
            .load_full()
            .filter(|trained| Arc::ptr_eq(&trained.rules, &settings.rules))
            .map(|trained| trained.key.clone());
        let topics = settings.topics.clone();
        let trained = self
            .store()
            .read_async(move |reader| {
                let key = reader.training_key()?;
                if known_key.as_ref() == Some(&key) {
                    return Ok(None);
                }
                let rules = Rules::compile(&topics)
                    .expect("these topics compiled when feeds.toml was read");
                Ok(Some(TrainedRules { rules: Arc::new(reader.trained(rules)?), key }))
            })
            .await?;
        if let Some(trained) = trained {
            for progress in trained.rules.progress() {
                let topic = &progress.topic;
                info!(topic = %topic, "trained topic {topic}: {}", progress.reason);
            }
            let next = PollSettings { rules: trained.rules.clone(), ..(*settings).clone() };
            // If feeds.toml was read again meanwhile, the new rules stay and are trained next time.
            self.poller.settings.compare_and_swap(&settings, Arc::new(next));
            self.trained.store(Some(Arc::new(trained)));
        }
        Ok(())
    }
}
