//! The last bytes of a job's output, in memory that is bounded exactly, and optionally the first ones.
//!
//! A job may write gigabytes; the report holds some kilobytes. [`Tail`] is a ring that copies each byte once and grows only as
//! far as the output does. It takes raw bytes and knows neither lines nor characters until the end, when the cut is moved to
//! a line boundary: a line that lost its beginning may hold half a secret, which no pattern would recognise.
//!
//! It must not clean or mask; that is done to the result, in the order `clean`, `mask`, `fit`.

use crate::domain::text::{last_line_end, marker, whole_start};

/// A ring of the last bytes and a record of the first ones.
#[derive(Debug)]
pub(crate) struct Tail {
    /// The first bytes, at most `head_bytes_max`; never changed once full.
    head: Vec<u8>,
    /// How many first bytes to keep; often none.
    head_bytes_max: usize,
    /// The bytes after the head, at most `ring_bytes_max`. While it is not full it is in order and `oldest` is 0.
    ring: Vec<u8>,
    /// How many last bytes to keep.
    ring_bytes_max: usize,
    /// Where the oldest byte is and the next one goes, once the ring is full.
    oldest: usize,
    /// All bytes ever pushed.
    total_bytes: u64,
}

/// What a tail holds, cut at line boundaries where that is possible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TailText {
    /// The head, a line that says how much is missing, and the tail; or all of the output.
    pub(crate) bytes: Vec<u8>,
    /// How many bytes of the output are not in `bytes`, including those given up to end at a line.
    pub(crate) omitted_bytes: u64,
    /// How many bytes the job wrote.
    pub(crate) total_bytes: u64,
}

impl Tail {
    /// Keeps the last `ring_bytes_max` bytes and, apart from those, the first `head_bytes_max`.
    pub(crate) fn new(head_bytes_max: usize, ring_bytes_max: usize) -> Tail {
        Tail {
            head: Vec::new(),
            head_bytes_max,
            ring: Vec::new(),
            ring_bytes_max,
            oldest: 0,
            total_bytes: 0,
        }
    }

    /// Takes the next bytes of the output. The cost is one copy of what is kept of them.
    pub(crate) fn push(&mut self, chunk: &[u8]) {
        self.total_bytes =
            self.total_bytes.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
        let (first, rest) = chunk.split_at(chunk.len().min(self.head_bytes_max - self.head.len()));
        grow(&mut self.head, first, self.head_bytes_max);
        // Of a chunk larger than the ring only the end can survive.
        let rest = &rest[rest.len().saturating_sub(self.ring_bytes_max)..];
        let (fill, rest) = rest.split_at(rest.len().min(self.ring_bytes_max - self.ring.len()));
        grow(&mut self.ring, fill, self.ring_bytes_max);
        let (to_end, wrapped) = rest.split_at(rest.len().min(self.ring.len() - self.oldest));
        self.ring[self.oldest..self.oldest + to_end.len()].copy_from_slice(to_end);
        self.ring[..wrapped.len()].copy_from_slice(wrapped);
        if !rest.is_empty() {
            self.oldest = (self.oldest + rest.len()) % self.ring_bytes_max;
        }
    }

    /// Counts bytes that are not shown, because at least as many as are kept follow at once.
    pub(crate) fn skip(&mut self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.total_bytes = self.total_bytes.saturating_add(bytes);
    }

    /// How many last bytes are kept, where no first ones are.
    pub(crate) fn keeps_only_last(&self) -> Option<usize> {
        (self.head_bytes_max == 0).then_some(self.ring_bytes_max)
    }

    /// What is kept by now. A running job may be asked more than once.
    ///
    /// If anything is missing, the first line after the gap and the last one before it are dropped when other lines are left,
    /// and the gap reads `[... 1,234,567 bytes omitted ...]` on a line of its own.
    pub(crate) fn finish(&self) -> TailText {
        let mut ring = self.ring[self.oldest..].to_vec();
        ring.extend_from_slice(&self.ring[..self.oldest]);
        let kept = u64::try_from(self.head.len() + ring.len()).unwrap_or(u64::MAX);
        let mut bytes = Vec::with_capacity(self.head.len() + ring.len() + 64);
        if kept >= self.total_bytes {
            bytes.extend_from_slice(&self.head);
            bytes.extend_from_slice(&ring);
            return TailText { bytes, omitted_bytes: 0, total_bytes: self.total_bytes };
        }
        let head = &self.head[..last_line_end(&self.head)];
        let tail = &ring[whole_start(&ring)..];
        let kept = u64::try_from(head.len() + tail.len()).unwrap_or(u64::MAX);
        let omitted_bytes = self.total_bytes.saturating_sub(kept);
        bytes.extend_from_slice(head);
        if !head.is_empty() && !head.ends_with(b"\n") {
            bytes.push(b'\n');
        }
        bytes.extend_from_slice(marker(omitted_bytes).as_bytes());
        bytes.extend_from_slice(tail);
        TailText { bytes, omitted_bytes, total_bytes: self.total_bytes }
    }
}

/// Appends while growing by doubling, but never reserving more than the maximum.
fn grow(buffer: &mut Vec<u8>, more: &[u8], bytes_max: usize) {
    let needed = buffer.len() + more.len();
    if needed > buffer.capacity() {
        let target = needed.max(buffer.capacity().saturating_mul(2)).min(bytes_max);
        buffer.reserve_exact(target - buffer.len());
    }
    buffer.extend_from_slice(more);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers for the loops; the quality does not matter.
    struct Random(u64);

    impl Random {
        fn below(&mut self, limit: usize) -> usize {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(self.0 >> 33).unwrap() % limit
        }
    }

    /// All output is kept and the law applied to it directly.
    fn twin(all: &[u8], head_max: usize, ring_max: usize) -> TailText {
        let total_bytes = all.len() as u64;
        if all.len() <= head_max + ring_max {
            return TailText { bytes: all.to_vec(), omitted_bytes: 0, total_bytes };
        }
        let head = &all[..head_max];
        let head = &head[..last_line_end(head)];
        let ring = &all[all.len() - ring_max..];
        let ring = &ring[whole_start(ring)..];
        let omitted_bytes = total_bytes - (head.len() + ring.len()) as u64;
        let gap = if head.is_empty() || head.ends_with(b"\n") { "" } else { "\n" };
        let bytes = [head, gap.as_bytes(), marker(omitted_bytes).as_bytes(), ring].concat();
        TailText { bytes, omitted_bytes, total_bytes }
    }

    #[test]
    fn any_chunking_equals_keeping_everything() {
        let mut random = Random(1);
        for _ in 0..3_000 {
            let (head_max, ring_max) = (random.below(3) * random.below(12), random.below(40));
            let mut tail = Tail::new(head_max, ring_max);
            let mut all = Vec::new();
            for _ in 0..random.below(12) {
                let size = random.below(60);
                let chunk: Vec<u8> =
                    (0..size).map(|_| b"ab \n\r\xc3\xa9\xf0\x9f"[random.below(9)]).collect();
                tail.push(&chunk);
                all.extend_from_slice(&chunk);
                assert!(tail.ring.capacity() <= ring_max && tail.head.capacity() <= head_max);
                assert_eq!(
                    tail.finish(),
                    twin(&all, head_max, ring_max),
                    "{head_max} {ring_max} {all:?}"
                );
            }
        }
    }

    #[test]
    fn little_output_takes_little_memory() {
        let mut tail = Tail::new(4_096, 65_536);
        tail.push(b"ten bytes\n");
        assert!(tail.head.capacity() + tail.ring.capacity() <= 16);
        assert_eq!(tail.finish().bytes, b"ten bytes\n");
        assert_eq!(
            Tail::new(0, 10).finish(),
            TailText { bytes: Vec::new(), omitted_bytes: 0, total_bytes: 0 }
        );
    }

    #[test]
    fn the_gap_is_counted_and_broken_lines_are_dropped() {
        let mut tail = Tail::new(12, 20);
        tail.push(b"first\nsecond line\n");
        tail.push(&b"x".repeat(1_234_540));
        tail.push(b"password=secret\nlast line\n");
        let text = tail.finish();
        assert_eq!(
            String::from_utf8(text.bytes).unwrap(),
            "first\n[... 1,234,568 bytes omitted ...]\nlast line\n"
        );
        assert_eq!((text.omitted_bytes, text.total_bytes), (1_234_568, 1_234_584));
    }

    #[test]
    fn one_endless_line_is_cut_at_a_word_or_a_character() {
        for (output, kept) in [
            ("aaaa bbbb", "bbbb"),
            ("ééééé", "éé"),
            ("aaaaaaaaaa", "aaaaa"),
            ("aaaaa aaa\n", "aaa\n"),
        ] {
            let mut tail = Tail::new(0, 5);
            tail.push(output.as_bytes());
            let text = String::from_utf8(tail.finish().bytes).unwrap();
            assert_eq!(text.split_once("]\n").unwrap().1, kept, "{output}");
        }
    }
}
