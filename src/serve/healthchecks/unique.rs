//! The key by which a reader knows a check without being able to ping it.

use crate::domain::hex;

/// The first 16 hexadecimal digits of the UUID, hashed with SHA-1: what Healthchecks has, and what
/// dashboards have in their addresses.
pub(super) fn key(uuid: &str) -> String {
    let digits: String = uuid.chars().filter(char::is_ascii_hexdigit).take(16).collect();
    let algorithm = &ring::digest::SHA1_FOR_LEGACY_USE_ONLY;
    let digest = ring::digest::digest(algorithm, digits.as_bytes());
    hex::encode(digest.as_ref())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_key_is_that_of_healthchecks() {
        // As Python has it: sha1(b"7c8f0a5e1f2b4c3d").hexdigest().
        let key = super::key("7c8f0a5e-1f2b-4c3d-8e9f-0a1b2c3d4e5f");
        assert_eq!(key, "e0d90e47bb2bb6ee6ef496bfbac8485e625209a7");
    }
}
