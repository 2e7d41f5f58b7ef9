//! Monitors that are kept in a file: what is said of them is changed there, and nowhere else.
//!
//! Where a monitor came from stands in its `source`; of one that is kept in a file the file's label
//! stands there, too, so that whoever is refused learns where to go. Pausing and acknowledging are no
//! part of it: they say nothing of the monitor, only of today.

use axum::http::StatusCode;

use super::reply::Mistake;
use crate::domain::text;
use crate::store::monitors::About;

/// What stands before the label.
const PREFIX: &str = "file:";

/// The source of a monitor that was in a file and is released: it is as if the API had made it.
pub(crate) const RELEASED: &str = "api";

/// The longest label: a file's name.
pub(crate) const LABEL_CHARS_MAX: usize = 255;

/// The source of a monitor that is kept in the file of this label.
pub(crate) fn source(label: &str) -> String {
    format!("{PREFIX}{label}")
}

/// The label of the file in which a monitor is kept.
pub(crate) fn label(about: &About) -> Option<&str> {
    about.source.strip_prefix(PREFIX)
}

/// Why a monitor is changed nowhere else: it is kept in a file.
pub(crate) fn why(about: &About) -> Option<String> {
    let file = text::excerpt(label(about)?.as_bytes());
    let slug = text::excerpt(about.slug.as_bytes());
    Some(format!(
        "`{slug}` is kept in `{file}`: change it there, then `hb monitor apply {file}`; \
         `hb monitor release {slug}` takes it out of the file's hands"
    ))
}

/// The refusal for that.
pub(crate) fn refusal(why: String) -> Mistake {
    Mistake::new(StatusCode::CONFLICT, "kept_in_file", why)
}
