//! The back-catalogue of a site without a feed: a queue of its own, which does not wait for the next poll.

use tracing::warn;

use super::{
    Poller, SourceReport,
    exchange::Exchanges,
    sites::{self, Gathered, Queue},
};
use crate::{
    store::{Arrival, Facts, Item, Plan, ReadDocument},
    telemetry,
};
use entry_identity::KeyPolicy;
use feed_model::{Draft, Follow, Source};

use super::Outcome;

impl Poller {
    /// Asks for up to `most` pages of a source's back-catalogue; its schedule is left as it is.
    pub async fn visit_backlog(&self, source: &Source, most: usize) -> SourceReport {
        match self.visit_backlog_inner(source, most).await {
            Ok(report) => report,
            Err(why) => {
                SourceReport { error: Some(why), recorded: false, ..SourceReport::bare(source.id.clone(), Outcome::Failed) }
            }
        }
    }

    async fn visit_backlog_inner(&self, source: &Source, most: usize) -> Result<SourceReport, String> {
        let id = source.id.clone();
        let memory = self.read(move |reader| reader.memory(&id)).await.map_err(|e| telemetry::chain(&e))?;
        let mut exchanges = Exchanges::new(self, source, &memory).map_err(|e| telemetry::chain(&e))?;
        let way = memory.followed.as_ref().map_or(Follow::Auto, |followed| followed.way);
        let mut gathered = Gathered::by(way);
        let now = self.clock.now();
        sites::visit_pages(&mut exchanges, most, Queue::Backlog, now, &mut gathered).await.map_err(|e| telemetry::chain(&e))?;
        for problem in &gathered.problems {
            warn!(source = source.id.as_str(), "back-catalogue of {}: {}", source.id, problem.text);
        }
        let (drafts, arrivals): (Vec<Draft>, Vec<Arrival>) = gathered.drafts.into_iter().unzip();
        let policy = KeyPolicy::from_word(&memory.key_policy);
        // One page says nothing about the source's ids: the policy stays.
        let (keyed, _, _) = entry_identity::key_document(&drafts, policy, memory.home_page_url.as_deref());
        let items: Vec<Item> =
            drafts.into_iter().zip(keyed).zip(arrivals).map(|((draft, keyed), arrival)| Item { draft, keyed, arrival }).collect();
        let document = (!items.is_empty()).then(|| ReadDocument {
            facts: Facts::default(),
            body_digest: None,
            key_policy: None,
            items,
            private: None,
            ends_import: true,
        });
        let plan = Plan {
            requested: exchanges.last(),
            validators: exchanges.validators(),
            document,
            pages: gathered.pages,
            ..Plan::of(source, self.clock.now(), self.settings.load().window)
        };
        Ok(self.carry_out(plan).await)
    }
}
