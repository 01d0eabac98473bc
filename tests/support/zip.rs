//! Zip files taken apart and put together again with other contents.

use std::io::{Read, Write};

/// A member with its contents.
#[derive(Clone)]
pub struct Member {
    pub name: String,
    pub contents: Vec<u8>,
    crc: u32,
}

fn number(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .rev()
        .fold(0, |sum, &b| sum << 8 | usize::from(b))
}

/// Members of a sound file in the order of its directory, inflated; none where the file is no zip file.
pub fn unpack(data: &[u8]) -> Vec<Member> {
    if !data.starts_with(b"PK\x03\x04") {
        return Vec::new();
    }
    let end = data.windows(4).rposition(|w| w == b"PK\x05\x06");
    let mut at = number(&data[end.expect("a whole zip file") + 16..][..4]);
    let mut members = Vec::new();
    while data[at..].starts_with(b"PK\x01\x02") {
        let field = |offset: usize, n: usize| number(&data[at + offset..][..n]);
        let (name, local) = (field(28, 2), field(42, 4));
        let start =
            local + 30 + number(&data[local + 26..][..2]) + number(&data[local + 28..][..2]);
        let packed = &data[start..start + field(20, 4)];
        let mut contents = Vec::new();
        match field(10, 2) {
            0 => contents.extend_from_slice(packed),
            _ => {
                let mut inflate = flate2::read::DeflateDecoder::new(packed);
                inflate.read_to_end(&mut contents).expect("a sound member");
            }
        }
        members.push(Member {
            name: String::from_utf8_lossy(&data[at + 46..][..name]).into_owned(),
            crc: crc32fast::hash(&contents),
            contents,
        });
        at += 46 + name + field(30, 2) + field(32, 2);
    }
    members
}

/// Record of a member: of the directory if `entry` has the place of the other one.
fn record(m: &Member, contents: &[u8], crc: u32, entry: Option<usize>) -> Vec<u8> {
    let size = (contents.len() as u32).to_le_bytes();
    let mut bytes = match entry {
        None => b"PK\x03\x04\x14\0".to_vec(),
        Some(_) => b"PK\x01\x02\x14\0\x14\0".to_vec(),
    };
    // flags, method (stored), time
    bytes.extend([0; 8]);
    bytes.extend(crc.to_le_bytes());
    bytes.extend(size);
    bytes.extend(size);
    bytes.extend((m.name.len() as u16).to_le_bytes());
    bytes.extend([0; 2]);
    if let Some(place) = entry {
        bytes.extend([0; 10]);
        bytes.extend((place as u32).to_le_bytes());
    }
    bytes.extend(m.name.as_bytes());
    bytes
}

/// A zip file of members without compression, one of which has other contents; its checksums are right.
pub fn pack(members: &[Member], changed: usize, contents: &[u8]) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for (k, m) in members.iter().enumerate() {
        let (bytes, crc) = if k == changed {
            (contents, crc32fast::hash(contents))
        } else {
            (&m.contents[..], m.crc)
        };
        directory.extend(record(m, bytes, crc, Some(file.len())));
        file.extend(record(m, bytes, crc, None));
        file.extend_from_slice(bytes);
    }
    let (start, count) = (file.len() as u32, (members.len() as u16).to_le_bytes());
    let length = (directory.len() as u32).to_le_bytes();
    file.extend(directory);
    file.extend([&b"PK\x05\x06\0\0\0\0"[..], &count, &count].concat());
    file.extend([&length[..], &start.to_le_bytes(), &[0, 0]].concat());
    file
}

/// A torch file that holds nothing but a pickle.
pub fn of_pickle(pickle: &[u8], deflated: bool) -> Vec<u8> {
    let member = |name: &str, contents: &[u8]| Member {
        name: name.to_owned(),
        contents: contents.to_vec(),
        crc: crc32fast::hash(contents),
    };
    let members = [member("m/version", b"3\n"), member("m/data.pkl", pickle)];
    let mut file = pack(&members, usize::MAX, &[]);
    if !deflated {
        return file;
    }
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(pickle).expect("memory does not fail");
    let packed = encoder.finish().expect("memory does not fail");
    // the pickle is the last member: its contents, method and packed size change, and all that follows moves
    let start = file.len() - 22 - number(&file[file.len() - 10..][..4]) - pickle.len();
    let moved = start + packed.len();
    file.splice(start..start + pickle.len(), packed.iter().copied());
    let mut at = moved;
    while file[at..].starts_with(b"PK\x01\x02") {
        let local = number(&file[at + 42..][..4]);
        if local > 0 {
            let size = (packed.len() as u32).to_le_bytes();
            file[at + 10] = 8;
            file[at + 20..at + 24].copy_from_slice(&size);
            file[local + 8] = 8;
            file[local + 18..local + 22].copy_from_slice(&size);
        }
        at += 46 + number(&file[at + 28..][..2]);
    }
    let end = file.len() - 6;
    file[end..end + 4].copy_from_slice(&(moved as u32).to_le_bytes());
    file
}
