//! Damage to files, for the tests of hostile ones.

/// Repeatable pseudo-random numbers (xorshift).
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n as u64) as usize
    }
}

/// Positions and lengths of the members of a zip file that are stored without compression.
pub fn stored_members(data: &[u8]) -> Vec<(String, usize, usize)> {
    let u16_at = |i: usize| usize::from(u16::from_le_bytes([data[i], data[i + 1]]));
    let u32_at = |i: usize| u16_at(i) + (u16_at(i + 2) << 16);
    let end = (0..=data.len() - 22)
        .rev()
        .find(|&i| data[i..].starts_with(b"PK\x05\x06"));
    let mut at = u32_at(end.unwrap_or(data.len() - 22) + 16);
    let mut found = Vec::new();
    while data[at..].starts_with(b"PK\x01\x02") {
        let (size, name, extra) = (u32_at(at + 20), u16_at(at + 28), u16_at(at + 30));
        let (comment, local) = (u16_at(at + 32), u32_at(at + 42));
        let start = local + 30 + u16_at(local + 26) + u16_at(local + 28);
        let text = String::from_utf8(data[at + 46..at + 46 + name].to_vec()).unwrap();
        if u16_at(at + 10) == 0 {
            found.push((text, start, size));
        }
        at += 46 + name + extra + comment;
    }
    found
}

/// Writes the CRC-32 of a member into its directory entry.
pub fn fix_checksum(data: &mut [u8], start: usize, len: usize) {
    let crc = crc32fast::hash(&data[start..start + len]).to_le_bytes();
    let u16_at = |d: &[u8], i: usize| usize::from(u16::from_le_bytes([d[i], d[i + 1]]));
    let u32_at = |d: &[u8], i: usize| u16_at(d, i) + (u16_at(d, i + 2) << 16);
    let end = (0..=data.len() - 22)
        .rev()
        .find(|&i| data[i..].starts_with(b"PK\x05\x06"))
        .unwrap();
    let mut at = u32_at(data, end + 16);
    while data[at..].starts_with(b"PK\x01\x02") {
        let local = u32_at(data, at + 42);
        if local + 30 + u16_at(data, local + 26) + u16_at(data, local + 28) == start {
            data[at + 16..at + 20].copy_from_slice(&crc);
        }
        at += 46 + u16_at(data, at + 28) + u16_at(data, at + 30) + u16_at(data, at + 32);
    }
}
