//! Frames: a length of four bytes, big-endian, and as many bytes of one CBOR item.

/// Longest frame of the network.
pub const LONGEST_FRAME: usize = 16 * 1024 * 1024;
/// Longest frame that is taken before somebody is authenticated. A real handshake has frames of
/// some 500 bytes.
pub const LONGEST_HANDSHAKE_FRAME: usize = 64 * 1024;
/// Longest frame of the peer exchange that is taken. A full real push has some 20 KiB.
pub const LONGEST_EXCHANGE_FRAME: usize = 256 * 1024;

/// A frame that is longer than what is taken here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a frame of {length} bytes, where at most {limit} are taken")]
pub struct TooLong {
    /// How long it says that it is.
    pub length: usize,
    /// How long it may be.
    pub limit: usize,
}

/// Puts the length before an item. Fails where no real peer would read it.
pub fn frame(item: &[u8]) -> Result<Vec<u8>, TooLong> {
    let too_long = TooLong {
        length: item.len(),
        limit: LONGEST_FRAME,
    };
    let length = u32::try_from(item.len()).map_err(|_wide| too_long)?;
    if item.len() > LONGEST_FRAME {
        return Err(too_long);
    }
    let mut framed = Vec::with_capacity(item.len() + 4);
    framed.extend_from_slice(&length.to_be_bytes());
    framed.extend_from_slice(item);
    Ok(framed)
}

/// Cuts a stream of bytes into frames.
///
/// It holds what came and nothing for what was only announced: a claim of 16 MiB costs the one
/// who makes it four bytes, and us nothing until they send them.
pub struct Unframer {
    buffer: Vec<u8>,
    /// How much of the buffer was given out already.
    taken: usize,
    limit: usize,
}

impl std::fmt::Debug for Unframer {
    /// Tells how many bytes wait, and nothing of them.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Unframer({} bytes)", self.waiting())
    }
}

impl Unframer {
    /// Begins, with the longest frame that is taken.
    pub fn new(limit: usize) -> Self {
        Self {
            buffer: Vec::new(),
            taken: 0,
            limit: limit.min(LONGEST_FRAME),
        }
    }

    /// Takes longer or shorter frames from now on, the next one included.
    pub fn set_limit(&mut self, limit: usize) {
        self.limit = limit.min(LONGEST_FRAME);
    }

    /// Adds bytes as they came. Call [`Self::next_frame`] until it has none before adding more:
    /// then at most one frame and one chunk wait.
    pub fn push(&mut self, bytes: &[u8]) {
        // What was given out is dropped once it is half of all, so each byte moves once at most.
        if self.taken * 2 >= self.buffer.len() {
            self.buffer.drain(..self.taken);
            self.taken = 0;
            if self.buffer.is_empty() && self.buffer.capacity() > LONGEST_HANDSHAKE_FRAME {
                self.buffer = Vec::new();
            }
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Returns the next frame without its length, or nothing until more came.
    ///
    /// A frame that is too long stands there for ever: the stream cannot be read on.
    pub fn next_frame(&mut self) -> Result<Option<Vec<u8>>, TooLong> {
        let rest = self.buffer.get(self.taken..).unwrap_or_default();
        let Some((length, rest)) = rest.split_first_chunk::<4>() else {
            return Ok(None);
        };
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        if length > self.limit {
            return Err(TooLong {
                length,
                limit: self.limit,
            });
        }
        let Some(frame) = rest.get(..length) else {
            return Ok(None);
        };
        let frame = frame.to_vec();
        self.taken += 4 + length;
        Ok(Some(frame))
    }

    /// Returns how many bytes wait that are in no frame given out.
    pub fn waiting(&self) -> usize {
        self.buffer.len() - self.taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claimed_length_takes_no_memory() {
        let mut frames = Unframer::new(LONGEST_FRAME);
        frames.push(&[1, 0, 0, 0]);
        assert_eq!(frames.next_frame(), Ok(None));
        assert!(frames.buffer.capacity() < 64);
    }

    #[test]
    fn the_limit_is_that_of_the_moment() {
        let mut frames = Unframer::new(3);
        frames.push(&[0, 0, 0, 4, 1, 2, 3, 4]);
        let too_long = TooLong {
            length: 4,
            limit: 3,
        };
        assert_eq!(frames.next_frame(), Err(too_long));
        assert_eq!(frames.next_frame(), Err(too_long), "and it stays there");
        frames.set_limit(4);
        assert_eq!(frames.next_frame(), Ok(Some(vec![1, 2, 3, 4])));
        assert_eq!(frames.waiting(), 0);
    }

    #[test]
    fn memory_of_a_long_frame_is_given_back() {
        let mut frames = Unframer::new(LONGEST_FRAME);
        frames.push(&frame(&vec![7; 1 << 20]).unwrap());
        assert!(frames.next_frame().unwrap().is_some());
        frames.push(&[0]);
        assert!(frames.buffer.capacity() < 1024);
    }

    #[test]
    fn no_frame_is_written_that_nobody_reads() {
        assert!(frame(&vec![0; LONGEST_FRAME]).is_ok());
        assert!(frame(&vec![0; LONGEST_FRAME + 1]).is_err());
    }
}
