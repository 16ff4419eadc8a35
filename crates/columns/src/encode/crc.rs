//! CRC-32 (IEEE 802.3), the checksum of Parquet's pages.
//!
//! By way of `flate2`, which is optimised in every profile: this looks at every byte that
//! is written.

use flate2::Crc;

/// The checksum of `bytes`.
pub fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values_and_every_length() {
        assert_eq!(crc32(b""), 0);
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        let bytes: Vec<u8> = (0..100u8).map(|n| n.wrapping_mul(37)).collect();
        for length in 0..bytes.len() {
            // One bit at a time, as it is defined.
            let expect = !bytes[..length].iter().fold(!0u32, |crc, byte| {
                (0..8).fold(crc ^ u32::from(*byte), |crc, _| crc >> 1 ^ (0xEDB8_8320 * (crc & 1)))
            });
            assert_eq!(crc32(&bytes[..length]), expect, "{length}");
        }
    }
}
