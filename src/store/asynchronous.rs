//! Access to the store from asynchronous code.

use super::{connection::Store, error::StoreError, reader::Reader};

impl Store {
    /// Runs `work` on a thread that may block. A panic becomes [`StoreError::Panicked`].
    pub async fn run_blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let store = self.clone();
        match tokio::task::spawn_blocking(move || work(&store)).await {
            Ok(result) => result,
            Err(join_error) => Err(StoreError::Panicked(join_error.to_string())),
        }
    }

    /// Reads a consistent snapshot ([`Store::read`]) on a thread that may block.
    ///
    /// Few reads run at the same time. More would not be faster, and each needs a connection with
    /// its own caches.
    pub async fn read_async<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Reader<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        // The semaphore is never closed.
        let _permit = self.read_permits().acquire().await;
        self.run_blocking(move |store| store.read(query)).await
    }
}
