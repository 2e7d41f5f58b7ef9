//! What is worth writing down of how the events of a running job were told. Pure.
//!
//! A job of a month tells 43,200 keepalives of a minute, and nearly all fare alike: noted one by one they
//! would be the whole record, and as many lines in memory. So only what changes is noted.

use crate::domain::event::Kind;
use crate::domain::record::{Delivery, TargetRef};

/// How each target was last told of each kind of event: as many as there are targets and kinds.
#[derive(Default)]
pub(super) struct News {
    last: Vec<(TargetRef, Kind, Delivery, Option<String>)>,
}

impl News {
    /// Whether the last event of this kind fared otherwise at this target, or was the first.
    pub(super) fn is_new(
        &mut self,
        target: &TargetRef,
        kind: Kind,
        result: Delivery,
        detail: &Option<String>,
    ) -> bool {
        let told = (target.clone(), kind, result, detail.clone());
        let known = self.last.iter_mut().find(|(of, word, ..)| of == target && *word == kind);
        match known {
            Some(last) => std::mem::replace(last, told.clone()) != told,
            None => {
                self.last.push(told);
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::News;
    use crate::domain::event::Kind;
    use crate::domain::record::{Delivery, TargetRef};

    #[test]
    fn only_what_changes_is_new_at_each_target_and_for_each_kind() {
        let mut news = News::default();
        let target = |name: &str| TargetRef::Named(name.to_owned());
        let refused = Some("the server answered 401".to_owned());
        for (name, kind, result, detail, is_new) in [
            ("a", Kind::Log, Delivery::Delivered, None, true),
            ("a", Kind::Log, Delivery::Delivered, None, false),
            ("b", Kind::Log, Delivery::Delivered, None, true),
            ("a", Kind::Progress, Delivery::Delivered, None, true),
            ("a", Kind::Log, Delivery::Refused, refused.clone(), true),
            ("a", Kind::Log, Delivery::Refused, refused.clone(), false),
            ("a", Kind::Log, Delivery::Delivered, None, true),
            ("b", Kind::Log, Delivery::Delivered, None, false),
        ] {
            assert_eq!(
                news.is_new(&target(name), kind, result, &detail),
                is_new,
                "{name} {kind:?}"
            );
        }
    }
}
