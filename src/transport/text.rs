//! The text of a long answer, for as long as it is read.
//!
//! A page of a list has a megabyte of it, and every page another one. From the allocator such a piece comes and goes among the values that
//! were read from it, and what was freed in between stays with the process; so a long text has pages of the system's own, which go back as
//! a whole.

use std::io::{self, Read};
use std::ops::Deref;

use memmap2::{MmapMut, MmapOptions};

/// A text up to this size, bytes, is nothing that the allocator could not place.
const SHORT: usize = 128 << 10;
/// Read at once, bytes.
const PIECE: usize = 64 << 10;

/// A text, whole.
pub(super) enum Text {
    Short(Vec<u8>),
    /// Its room, of which only what was written to is memory, and its length.
    Long(MmapMut, usize),
}

impl Text {
    /// Reads to the end, but no more than `limit` bytes and one.
    pub(super) fn read(body: &mut dyn Read, limit: u64) -> io::Result<Self> {
        let most = usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(1);
        let mut start = Vec::new();
        body.take(limit.saturating_add(1).min(SHORT as u64))
            .read_to_end(&mut start)?;
        if start.len() < SHORT || start.len() == most {
            return Ok(Self::Short(start));
        }
        let Ok(mut room) = MmapOptions::new().len(most).no_reserve_swap().map_anon() else {
            // A process whose address space is limited.
            let left = u64::try_from(most - start.len()).unwrap_or(u64::MAX);
            body.take(left).read_to_end(&mut start)?;
            return Ok(Self::Short(start));
        };
        let mut length = start.len();
        if let Some(begun) = room.get_mut(..length) {
            begun.copy_from_slice(&start);
        }
        drop(start);
        while let Some(piece) = room.get_mut(length..length.saturating_add(PIECE).min(most)) {
            match body.read(piece) {
                Ok(0) => break,
                Ok(count) => length += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Self::Long(room, length))
    }
}

impl Deref for Text {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Short(text) => text,
            Self::Long(room, length) => room.get(..*length).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives what it has in pieces of odd sizes, with interruptions.
    struct Drip<'a>(&'a [u8], usize);
    impl Read for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.1 += 1;
            if self.1.is_multiple_of(7) {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let count = self.0.len().min(buffer.len()).min(self.1 * 97);
            let (given, rest) = self.0.split_at(count);
            buffer[..count].copy_from_slice(given);
            self.0 = rest;
            Ok(count)
        }
    }

    #[test]
    fn a_text_of_any_size_is_whole_and_one_over_its_limit_is_one_byte_longer() {
        let all: Vec<u8> = (0..1_000_000_u32)
            .map(|number| number.to_le_bytes()[0] ^ 0x5a)
            .collect();
        for size in [0, 1, SHORT - 1, SHORT, SHORT + 1, SHORT + PIECE, 1_000_000] {
            for limit in [size.saturating_sub(1), size, size + 1, 64 << 20] {
                let text = Text::read(&mut Drip(&all[..size], 0), limit as u64).unwrap();
                let expected = size.min(limit + 1);
                assert!(
                    *text == all[..expected],
                    "{size} bytes, limit {limit}: {} came",
                    text.len()
                );
            }
        }
    }

    #[test]
    fn a_text_that_breaks_off_is_an_error_wherever_that_is() {
        struct Broken(usize);
        impl Read for Broken {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                if self.0 == 0 {
                    return Err(io::ErrorKind::ConnectionReset.into());
                }
                let count = self.0.min(buffer.len());
                self.0 -= count;
                Ok(count)
            }
        }
        for size in [0, SHORT, SHORT + PIECE + 1] {
            let Err(error) = Text::read(&mut Broken(size), 64 << 20) else {
                panic!("{size} bytes and no end were taken for a text");
            };
            assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        }
    }
}
