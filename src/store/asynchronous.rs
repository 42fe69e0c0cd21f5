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
    pub async fn read_async<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Reader<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.run_blocking(move |store| store.read(query)).await
    }
}
