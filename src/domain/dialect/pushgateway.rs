//! The path of a Pushgateway's group: `/metrics/job/<job>{/<label>/<value>}`.
//!
//! A value with a slash in it, or none at all, is written in base64url under `<label>@base64`.

use serde_json::Value;

use super::parameters::Parameters;
use super::template::plain;
use crate::domain::address::{Address, percent_encode};
use crate::domain::base64;

/// The address of one job's group.
pub(super) fn complete(
    pasted: &Address,
    parameters: &Parameters,
    monitor: Option<&str>,
) -> Result<Address, String> {
    let segments = pasted.segments();
    let is_job = |segment: &&str| matches!(*segment, "job" | "job@base64");
    if segments.windows(2).any(|two| two[0] == "metrics" && is_job(&two[1])) {
        return Ok(pasted.clone());
    }
    let job = parameters.get("job").map(plain).or(monitor.map(str::to_owned));
    let job = job.ok_or("a Pushgateway needs a job; name the monitor, or set `job`")?;
    let mut path: Vec<String> = segments.iter().map(|segment| (*segment).to_owned()).collect();
    if path.last().is_none_or(|last| last != "metrics") {
        path.push("metrics".to_owned());
    }
    push(&mut path, "job", &job);
    if let Some(Value::Object(labels)) = parameters.get("grouping") {
        for (name, value) in labels {
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
            if name.is_empty() || !name.bytes().all(fits) || name.starts_with("__") {
                return Err("a label in `grouping` is letters, digits and `_`".to_owned());
            }
            push(&mut path, name, &plain(value));
        }
    }
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    Ok(pasted.with_segments(&path))
}

fn push(path: &mut Vec<String>, name: &str, value: &str) {
    // A server that cleans paths would take a dot for a step in them.
    if value.is_empty() || value.contains('/') || matches!(value, "." | "..") {
        path.push(format!("{name}@base64"));
        let encoded = base64::encode(value.as_bytes()).replace('+', "-").replace('/', "_");
        path.push(if encoded.is_empty() { "=".to_owned() } else { encoded });
    } else {
        path.push(name.to_owned());
        path.push(percent_encode(value));
    }
}

#[cfg(test)]
mod tests {
    use super::complete;
    use crate::domain::address::Address;
    use crate::domain::dialect::parameters::Parameters;

    #[test]
    fn values_that_are_no_segments_are_encoded() {
        let base = Address::parse("http://push:9091/sub").expect("an address");
        for (job, labels, path) in [
            ("nightly", "{}", "/sub/metrics/job/nightly"),
            ("a b", "{}", "/sub/metrics/job/a%20b"),
            ("a/b", "{}", "/sub/metrics/job@base64/YS9i"),
            ("", "{}", "/sub/metrics/job@base64/="),
            ("..", "{}", "/sub/metrics/job@base64/Li4="),
            (
                "x",
                r#"{"path": "/var/tmp", "n": 3}"#,
                "/sub/metrics/job/x/n/3/path@base64/L3Zhci90bXA=",
            ),
        ] {
            let mut parameters = Parameters::default();
            parameters.set("job", job.into());
            parameters.set("grouping", serde_json::from_str(labels).expect("labels"));
            let address = complete(&base, &parameters, None).expect("a path");
            assert_eq!(address.url(&[], &[]), format!("http://push:9091{path}"));
        }
    }
}
