//! The limit of the documents that are in memory at the same time.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The documents that are parsed or wait to be stored at a time, in KiB. In memory, a feed of many
/// short entries takes about thirty times its size.
const MAX_KIB: u32 = 16 * 1024;

/// Limits the size of the documents that are parsed or wait to be stored.
#[derive(Debug, Clone)]
pub(super) struct DocumentMemory(Arc<Semaphore>);

/// The memory of a document. It is free when this is dropped.
#[derive(Debug)]
pub(super) struct ReservedMemory {
    _permit: Option<OwnedSemaphorePermit>,
}

impl Default for DocumentMemory {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MAX_KIB as usize)))
    }
}

impl DocumentMemory {
    /// Waits until a document of this many bytes may be parsed beside the others. A document that
    /// is larger than the limit waits until it is the only one.
    pub(super) async fn reserve(&self, bytes: usize) -> ReservedMemory {
        let kib = u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX).min(MAX_KIB);
        // The semaphore is never closed.
        ReservedMemory { _permit: self.0.clone().acquire_many_owned(kib).await.ok() }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    const MIB: usize = 1024 * 1024;

    #[tokio::test]
    async fn documents_wait_for_each_other_beyond_the_limit() {
        let memory = DocumentMemory::default();
        let first = memory.reserve(9 * MIB).await;
        let second = memory.reserve(7 * MIB).await;
        let mut third = Box::pin(memory.reserve(1));
        assert!(third.as_mut().now_or_never().is_none());
        drop(second);
        let third = third.now_or_never().expect("the limit has memory for it");
        drop((first, third));
        assert_eq!(memory.0.available_permits(), MAX_KIB as usize);
    }

    #[tokio::test]
    async fn a_document_larger_than_the_limit_is_alone() {
        let memory = DocumentMemory::default();
        let first = memory.reserve(1).await;
        let mut large = Box::pin(memory.reserve(100 * MIB));
        assert!(large.as_mut().now_or_never().is_none());
        drop(first);
        let large = large.now_or_never().expect("it is alone");
        assert!(memory.reserve(1).now_or_never().is_none());
        drop(large);
        assert!(memory.reserve(1).now_or_never().is_some());
    }
}
