//! Numbers by chance, the same ones every time.

use super::super::Heard;
use crate::domain::event::Kind;
use crate::domain::time::Moment;

pub(super) struct Chance(pub(super) u64);

impl Chance {
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end.max(1)
    }

    pub(super) fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    pub(super) fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize].clone()
    }

    /// A moment within some seconds after another; often on a round one, so that moments meet.
    pub(super) fn within(&mut self, from: Moment, seconds: u64) -> Moment {
        let ms = self.below(seconds) * 1_000;
        let ms = if self.one_in(2) { ms / 300_000 * 300_000 } else { ms };
        Moment(from.0.saturating_add(ms as i64))
    }

    /// An event that happens within some seconds after a moment.
    pub(super) fn event(&mut self, from: Moment, seconds: u64) -> Heard {
        let kinds = [
            Kind::Start,
            Kind::Start,
            Kind::Progress,
            Kind::Success,
            Kind::Success,
            Kind::Success,
            Kind::Warning,
            Kind::Failure,
            Kind::Log,
            Kind::Verified,
        ];
        let at = self.within(from, seconds);
        let mut event = Heard::new(self.pick(&kinds), at);
        event.run_id = self.pick(&[None, Some("a".to_owned()), Some("b".to_owned())]);
        // A finish knows its start, as that of a client does which sends late.
        if event.kind.is_finish() && event.run_id.is_some() {
            event.duration_ms = Some(self.below(seconds / 2) * 1_000);
        }
        if !event.kind.is_finish() && event.run_id.is_some() && self.one_in(2) {
            event.lease_ms = Some(60_000 * (1 + self.below(30)));
        }
        event.stalled = self.one_in(5).then_some(true);
        event.matches_expected = self.one_in(3).then_some(false);
        event.exit_code = self.one_in(2).then(|| self.below(4) as i32);
        event
    }
}
