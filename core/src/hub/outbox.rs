//! What waits to be sent to one client: bounded, counted in bytes and packets.

use crate::wire::frame::Burst;
use std::collections::VecDeque;
use std::io;

/// Bytes that one write takes together when they stand in several bursts.
const GATHER: usize = 64 * 1024;

/// A burst of at least this size is written from where it stands instead of being copied next to others.
const BIG: usize = 16 * 1024;

/// Capacity (in bursts) that a queue may keep while it is empty.
const KEEP: usize = 16;

/// What a write of queued bytes goes to.
pub trait Wire: Send + Sync {
    /// Writes without waiting: how many bytes were taken, or [`io::ErrorKind::WouldBlock`].
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize>;
}

/// How a flush ended.
#[derive(Debug)]
pub enum Flushed {
    /// Everything is out.
    All,
    /// More may be written in the next turn.
    Again,
    /// The client takes no more for now.
    Blocked,
    /// The connection is broken.
    Broken,
}

#[derive(Debug)]
struct Item {
    burst: Burst,
    /// Nothing may follow it in the same write.
    alone: bool,
}

/// The queue.
#[derive(Debug, Default)]
pub struct Outbox {
    queue: VecDeque<Item>,
    /// Bytes of all bursts, whole.
    bytes: usize,
    packets: usize,
    /// Bytes of the first burst that are out already.
    offset: usize,
}

impl Outbox {
    /// Bytes that wait; what is out of a burst that is partly out does not count.
    pub fn bytes(&self) -> usize {
        self.bytes.saturating_sub(self.offset)
    }

    /// Packets that wait.
    pub fn packets(&self) -> usize {
        self.packets
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Appends a burst. `alone` asks that it leaves in a write of its own.
    pub fn push(&mut self, burst: Burst, alone: bool) {
        self.bytes += burst.len();
        self.packets += burst.packets();
        self.queue.push_back(Item { burst, alone });
    }

    /// Drops what waits, except that a burst which is partly out is kept whole.
    pub fn clear(&mut self) {
        let keep = usize::from(self.offset > 0);
        self.queue.truncate(keep);
        self.bytes = self.queue.iter().map(|item| item.burst.len()).sum();
        self.packets = self.queue.iter().map(|item| item.burst.packets()).sum();
    }

    /// Takes packets for one answer of long-polling, at most `limit` of them where there is a limit and more than one
    /// burst; whether the answer may be compressed. `split` ends the answer behind a burst that asked to be alone.
    pub fn take_polling(&mut self, limit: Option<usize>, split: bool) -> (Vec<u8>, bool) {
        let mut payload = Vec::with_capacity(self.bytes + self.packets);
        let mut compress = false;
        let mut packets = 0;
        while let Some(item) = self.queue.front() {
            let more = item.burst.packets();
            if packets > 0 && limit.is_some_and(|limit| packets + more > limit) {
                break;
            }
            packets += more;
            compress |= item.burst.compress();
            item.burst.append_polling(&mut payload);
            let alone = item.alone;
            self.pop();
            if alone && split {
                break;
            }
        }
        (payload, compress)
    }

    /// Copies what waits into `buffer` for a connection that only its own task may write to; false when nothing waits.
    pub fn take_websocket(&mut self, buffer: &mut Vec<u8>) -> bool {
        while let Some(item) = self.queue.front() {
            buffer.extend_from_slice(item.burst.websocket().get(self.offset..).unwrap_or_default());
            let alone = item.alone;
            self.offset = 0;
            self.pop();
            if alone || buffer.len() >= GATHER {
                break;
            }
        }
        !buffer.is_empty()
    }

    /// Takes what waits burst by burst, about as much as one write, for a host that writes frames itself.
    pub fn take_messages(&mut self, each: &mut dyn FnMut(&Burst)) {
        let mut taken = 0;
        while let Some(item) = self.queue.front()
            && taken < GATHER
        {
            taken += item.burst.len();
            each(&item.burst);
            self.pop();
        }
    }

    fn pop(&mut self) {
        if let Some(item) = self.queue.pop_front() {
            self.bytes = self.bytes.saturating_sub(item.burst.len());
            self.packets = self.packets.saturating_sub(item.burst.packets());
        }
        if self.queue.is_empty() {
            self.bytes = 0;
            self.packets = 0;
            if self.queue.capacity() > KEEP {
                self.queue = VecDeque::new();
            }
        }
    }

    /// Writes as much as the client takes. `scratch` is memory that the flushes of a thread share.
    pub fn flush(&mut self, wire: &dyn Wire, scratch: &mut Vec<u8>) -> Flushed {
        while let Some(first) = self.queue.front() {
            let (result, wanted, alone) = if self.queue.len() == 1 || first.alone || first.burst.len() >= BIG {
                let bytes = first.burst.websocket().get(self.offset..).unwrap_or_default();
                (wire.try_write(bytes), bytes.len(), first.alone)
            } else {
                let alone = self.gather(scratch);
                (wire.try_write(scratch), scratch.len(), alone)
            };
            match result {
                Ok(0) => return Flushed::Broken,
                Ok(written) => {
                    self.advance(written);
                    if written < wanted {
                        return Flushed::Blocked;
                    }
                    if alone && !self.queue.is_empty() {
                        return Flushed::Again;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Flushed::Blocked,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Flushed::Broken,
            }
        }
        Flushed::All
    }

    /// Puts small bursts side by side; whether the last one asked that nothing follows.
    fn gather(&self, scratch: &mut Vec<u8>) -> bool {
        scratch.clear();
        let mut offset = self.offset;
        for item in &self.queue {
            let bytes = item.burst.websocket().get(offset..).unwrap_or_default();
            if !scratch.is_empty() && (bytes.len() >= BIG || scratch.len() + bytes.len() > GATHER) {
                break;
            }
            scratch.extend_from_slice(bytes);
            offset = 0;
            if item.alone {
                return true;
            }
        }
        false
    }

    fn advance(&mut self, written: usize) {
        self.offset += written;
        while let Some(first) = self.queue.front() {
            let length = first.burst.len();
            if self.offset < length {
                break;
            }
            self.offset -= length;
            self.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parking_lot::Mutex;

    /// Takes a given number of bytes at each write, then blocks.
    struct Pipe {
        appetite: Mutex<Vec<usize>>,
        got: Mutex<Vec<Vec<u8>>>,
    }

    impl Wire for Pipe {
        fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
            let Some(limit) = self.appetite.lock().pop() else { return Err(io::ErrorKind::WouldBlock.into()) };
            let taken = bytes.len().min(limit);
            self.got.lock().push(bytes[..taken].to_vec());
            Ok(taken)
        }
    }

    fn pipe(appetite: &[usize]) -> Pipe {
        Pipe { appetite: Mutex::new(appetite.iter().rev().copied().collect()), got: Mutex::default() }
    }

    fn filled(texts: &[&'static str]) -> Outbox {
        let mut outbox = Outbox::default();
        texts.iter().for_each(|text| outbox.push(Burst::from(*text), false));
        outbox
    }

    #[test]
    fn small_bursts_leave_in_one_write() {
        let mut outbox = filled(&["4a", "4b", "4c"]);
        let pipe = pipe(&[1000]);
        assert!(matches!(outbox.flush(&pipe, &mut Vec::new()), Flushed::All));
        assert_eq!(*pipe.got.lock(), [b"\x81\x024a\x81\x024b\x81\x024c".to_vec()]);
        assert_eq!((outbox.bytes(), outbox.packets()), (0, 0));
    }

    #[test]
    fn a_write_that_is_cut_goes_on_where_it_stopped() {
        let mut outbox = filled(&["4a", "4b"]);
        let pipe = pipe(&[5, 1000]);
        assert!(matches!(outbox.flush(&pipe, &mut Vec::new()), Flushed::Blocked));
        outbox.push(Burst::from("4c"), false);
        assert!(matches!(outbox.flush(&pipe, &mut Vec::new()), Flushed::All));
        assert_eq!(pipe.got.lock().concat(), b"\x81\x024a\x81\x024b\x81\x024c");
    }

    #[test]
    fn what_must_be_alone_is_alone() {
        let mut outbox = Outbox::default();
        outbox.push(Burst::from("40"), true);
        outbox.push(Burst::from("42"), false);
        let pipe = pipe(&[1000, 1000]);
        assert!(matches!(outbox.flush(&pipe, &mut Vec::new()), Flushed::Again));
        assert!(matches!(outbox.flush(&pipe, &mut Vec::new()), Flushed::All));
        assert_eq!(pipe.got.lock().len(), 2);
    }

    #[test]
    fn a_polling_answer_is_limited_in_packets() {
        let mut outbox = filled(&["4a", "4b", "4c"]);
        assert_eq!(outbox.take_polling(Some(2), true).0, b"4a\x1e4b");
        assert_eq!(outbox.take_polling(Some(2), true).0, b"4c");
        assert!(outbox.is_empty());
    }

    #[test]
    fn clearing_keeps_a_frame_that_is_partly_out() {
        let mut outbox = filled(&["4a", "4b"]);
        let pipe = pipe(&[1, 1000]);
        assert!(matches!(outbox.flush(&pipe, &mut Vec::new()), Flushed::Blocked));
        outbox.clear();
        assert!(matches!(outbox.flush(&pipe, &mut Vec::new()), Flushed::All));
        assert_eq!(pipe.got.lock().concat(), b"\x81\x024a");
    }
}
