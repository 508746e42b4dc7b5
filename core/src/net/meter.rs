//! Counts what the WebSocket decoder does not count: the fragments of a message.

/// Follows the headers of frames in a stream of bytes.
#[derive(Debug, Default)]
pub struct Meter {
    /// Bytes of the payload of the current frame that are still to come.
    skip: u64,
    header: [u8; 10],
    have: usize,
    fragments: usize,
}

impl Meter {
    /// Whether the next byte begins a message, or a frame between messages.
    pub fn is_between(&self) -> bool {
        self.skip == 0 && self.have == 0 && self.fragments == 0
    }

    /// Takes the next bytes of the stream, up to the end of a frame at most: how many. Nothing when a message has more than
    /// `limit` fragments.
    pub fn feed(&mut self, bytes: &[u8], limit: usize) -> Option<usize> {
        let mut taken = 0;
        while self.skip == 0
            && let Some(byte) = bytes.get(taken)
        {
            if let Some(place) = self.header.get_mut(self.have) {
                *place = *byte;
            }
            self.have += 1;
            taken += 1;
            if self.is_complete() {
                if !self.frame(limit) {
                    return None;
                }
                if self.skip == 0 {
                    return Some(taken);
                }
            }
        }
        let skipped = usize::try_from(self.skip).unwrap_or(usize::MAX).min(bytes.len() - taken);
        self.skip -= skipped as u64;
        Some(taken + skipped)
    }

    fn length_bytes(&self) -> usize {
        match self.header[1] & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        }
    }

    fn is_complete(&self) -> bool {
        self.have >= 2 && self.have >= 2 + self.length_bytes()
    }

    fn frame(&mut self, limit: usize) -> bool {
        let length = match self.length_bytes() {
            0 => u64::from(self.header[1] & 0x7f),
            bytes => self.header[2..2 + bytes].iter().fold(0, |length, byte| (length << 8) | u64::from(*byte)),
        };
        let mask = if self.header[1] & 0x80 != 0 { 4 } else { 0 };
        self.skip = length.saturating_add(mask);
        self.have = 0;
        let is_control = self.header[0] & 0x08 != 0;
        if is_control {
            return true;
        }
        let is_final = self.header[0] & 0x80 != 0;
        self.fragments = if is_final { 0 } else { self.fragments + 1 };
        self.fragments < limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A masked frame as a client sends it.
    fn frame(first: u8, length: usize) -> Vec<u8> {
        let mut frame = vec![first];
        match length {
            0..126 => frame.push(0x80 | length as u8),
            126..65_536 => frame.extend([&[0xfe][..], &(length as u16).to_be_bytes()].concat()),
            _ => frame.extend([&[0xff][..], &(length as u64).to_be_bytes()].concat()),
        }
        frame.extend(vec![0; 4 + length]);
        frame
    }

    fn feed(meter: &mut Meter, mut bytes: &[u8], limit: usize) -> bool {
        while !bytes.is_empty() {
            let Some(taken) = meter.feed(bytes, limit) else { return false };
            bytes = &bytes[taken..];
        }
        true
    }

    #[test]
    fn whole_messages_and_pings_are_not_counted() {
        let mut meter = Meter::default();
        for length in [0, 5, 125, 126, 70_000] {
            assert!(feed(&mut meter, &frame(0x81, length), 2));
            assert!(feed(&mut meter, &frame(0x89, 3), 2));
            assert!(meter.is_between());
        }
    }

    #[test]
    fn frames_are_taken_one_at_a_time() {
        let mut meter = Meter::default();
        let stream = [frame(0x01, 3), vec![0x80, 0], frame(0x89, 0)].concat();
        let mut rest = &stream[..];
        let mut seen = Vec::new();
        while !rest.is_empty() {
            let taken = meter.feed(rest, 9).unwrap();
            rest = &rest[taken..];
            seen.push((taken, meter.is_between()));
        }
        assert_eq!(seen, [(9, false), (2, true), (6, true)]);
    }

    #[test]
    fn fragments_are_counted_however_the_stream_is_cut() {
        for cut in [1, 3, 1000] {
            let mut meter = Meter::default();
            let mut stream = frame(0x01, 1);
            (0..2).for_each(|_| stream.extend(frame(0x00, 200)));
            stream.extend(frame(0x80, 0));
            assert!(stream.chunks(cut).all(|part| feed(&mut meter, part, 4)));
            assert!(meter.is_between());
            assert!(!stream.chunks(cut).all(|part| feed(&mut meter, part, 3)));
        }
    }
}
