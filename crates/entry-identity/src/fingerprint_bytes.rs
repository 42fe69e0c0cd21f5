//! The stored form of fingerprints: numbers in little-endian order, and lists with their lengths.

/// Writes a stored form.
pub(super) struct Writer {
    pub bytes: Vec<u8>,
}

impl Writer {
    pub fn new(version: u8, flags: u8) -> Self {
        Self { bytes: vec![version, flags] }
    }

    pub fn u32(&mut self, value: u32) {
        self.bytes.extend(value.to_le_bytes());
    }

    fn length(&mut self, length: usize) {
        self.bytes.extend(u16::try_from(length).unwrap_or(u16::MAX).to_le_bytes());
    }

    pub fn u32s(&mut self, list: &[u32]) {
        self.length(list.len());
        self.bytes.extend(list.iter().flat_map(|value| value.to_le_bytes()));
    }

    pub fn u16s(&mut self, list: impl ExactSizeIterator<Item = u16>) {
        self.length(list.len());
        self.bytes.extend(list.flat_map(u16::to_le_bytes));
    }

    /// Writes the differences of an ascending list, each in groups of seven bits (LEB128).
    pub fn ascending(&mut self, list: &[u32]) {
        self.length(list.len());
        let mut before = 0;
        for value in list {
            let mut difference = value - before;
            before = *value;
            while difference > 0x7f {
                self.bytes.push(u8::try_from(difference & 0x7f).unwrap_or_default() | 0x80);
                difference >>= 7;
            }
            self.bytes.push(u8::try_from(difference).unwrap_or_default());
        }
    }
}

/// Reads a stored form. Every function returns `None` if the bytes end too early.
pub(super) struct Reader<'a>(pub &'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, tail) = self.0.split_first_chunk()?;
        self.0 = tail;
        Some(*head)
    }

    pub fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take().map(u16::from_le_bytes)
    }

    pub fn u32s(&mut self) -> Option<Vec<u32>> {
        (0..self.u16()?).map(|_| self.u32()).collect()
    }

    pub fn u16s(&mut self) -> Option<Vec<u16>> {
        (0..self.u16()?).map(|_| self.u16()).collect()
    }

    /// Reads what [`Writer::ascending`] writes.
    pub fn ascending(&mut self) -> Option<Vec<u32>> {
        let mut before = 0_u32;
        (0..self.u16()?)
            .map(|_| {
                let mut difference = 0;
                for shift in (0..32).step_by(7) {
                    let [byte] = self.take()?;
                    difference |= u32::from(byte & 0x7f) << shift;
                    if byte < 0x80 {
                        before = before.checked_add(difference)?;
                        return Some(before);
                    }
                }
                None
            })
            .collect()
    }
}
