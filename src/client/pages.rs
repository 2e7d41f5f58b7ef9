//! Lists that come in pages: asked for until there is no more, or enough.

use serde_json::{Value, json};

use super::answer::Object;
use super::api::{Api, Ask, Trouble};

/// Items asked for at once. The receiver may give fewer.
const PAGE_ITEMS: usize = 100;

/// Pages asked for at most: a receiver that always has another one would be asked for ever.
const PAGES_MAX: usize = 1000;

/// What was listed.
pub(crate) struct Listed {
    /// The items, in the receiver's order.
    pub(crate) items: Vec<Value>,
    /// Whether there are more than were asked for.
    pub(crate) more: bool,
    /// The answer as it came, where it came in one piece.
    bytes: Option<Vec<u8>>,
    member: &'static str,
}

impl Listed {
    /// The answer for a program: as it came, or the pages of it joined.
    pub(crate) fn json(&self) -> Vec<u8> {
        match &self.bytes {
            Some(bytes) => bytes.clone(),
            None => json!({ self.member: self.items, "next": null }).to_string().into_bytes(),
        }
    }

    /// Keeps the items that pass.
    pub(crate) fn retain(&mut self, keep: impl FnMut(&Value) -> bool) {
        let before = self.items.len();
        self.items.retain(keep);
        if self.items.len() != before {
            self.bytes = None;
        }
    }
}

/// Lists `member` of the answers, at most `limit` items.
pub(crate) async fn list(
    api: &Api,
    path: &[&str],
    member: &'static str,
    query: &[(&str, &str)],
    limit: usize,
) -> Result<Listed, Trouble> {
    let mut listed = Listed { items: Vec::new(), more: false, bytes: None, member };
    let mut cursor: Option<String> = None;
    for _ in 0..PAGES_MAX {
        let wanted = limit.saturating_sub(listed.items.len()).clamp(1, PAGE_ITEMS).to_string();
        let mut query = query.to_vec();
        query.push(("limit", &wanted));
        query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
        let answer = api.ask(Ask { query: &query, ..Ask::get(path) }).await?;
        let page = Object(&answer.value);
        if answer.value.get(member).is_none_or(|items| !items.is_array()) {
            let place = api.shown();
            return Err(Trouble::Odd(format!("the answer of `{place}` has no list of {member}")));
        }
        let items = page.items(member);
        // Kept only while it is the whole list.
        listed.bytes = cursor.is_none().then_some(answer.bytes);
        listed.items.extend_from_slice(items);
        let next = page.word("next").map(str::to_owned);
        listed.more = next.is_some();
        if listed.items.len() > limit {
            listed.items.truncate(limit);
            (listed.more, listed.bytes) = (true, None);
        }
        // A page may be empty and not the last: what stood there did not pass the receiver's filter.
        if next.is_none() || next == cursor || listed.items.len() >= limit {
            break;
        }
        cursor = next;
    }
    Ok(listed)
}
