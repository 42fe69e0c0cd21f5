//! Deterministic random numbers: the same feeds in every run.

/// A generator of the family `SplitMix64`.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// Creates a generator. Different keys give independent sequences.
    pub fn new(keys: &[u64]) -> Self {
        let mut random = Self(0);
        for key in keys {
            random.0 ^= key.wrapping_add(1);
            random.0 = random.next();
        }
        random
    }

    /// Returns 64 random bits.
    #[expect(clippy::should_implement_trait, reason = "the sequence has no end")]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    /// Returns a number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).expect("a number below a usize is one")
    }

    /// Returns true with this probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        let part = u32::try_from(self.next() >> 32).expect("32 bits");
        f64::from(part) < probability * f64::from(u32::MAX)
    }

    /// Returns one of these items.
    pub fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }
}
