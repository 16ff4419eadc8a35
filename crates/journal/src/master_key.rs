//! The key that wraps the segments' keys: 32 bytes that nobody prints.

use std::fmt;

use zeroize::Zeroize;

/// The key that wraps each segment's data key (AES-256). Its memory is overwritten
/// on drop and `Debug` shows none of it.
#[derive(Clone)]
pub struct MasterKey([u8; 32]);

impl MasterKey {
    /// Takes 32 bytes from a key file or a key service. They must be random: the
    /// journal does not stretch them.
    pub fn new(bytes: [u8; 32]) -> Self {
        MasterKey(bytes)
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for MasterKey {
    fn from(bytes: [u8; 32]) -> Self {
        MasterKey(bytes)
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

impl Drop for MasterKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}
