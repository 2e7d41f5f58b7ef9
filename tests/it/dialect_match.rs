//! Whether requests are as an outside expectation has them: it leaves open what a client may choose.

use serde_json::Value;

/// Where the requests differ; none where they are as expected.
pub(crate) fn difference(wanted: &Value, made: &Value) -> Option<String> {
    let (wanted, made) = (list(wanted), list(made));
    if wanted.len() != made.len() {
        return Some(format!("{} requests instead of {}", made.len(), wanted.len()));
    }
    wanted.iter().zip(made).find_map(|(wanted, made)| request(wanted, made))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn request(wanted: &Value, made: &Value) -> Option<String> {
    match wanted["transport"].as_str() {
        Some("udp") => {
            let lost =
                list(&wanted["lines"]).iter().find(|line| !list(&made["lines"]).contains(line));
            return lost.map(|line| format!("no line {line}"));
        }
        Some(_) if wanted["json"].is_object() => return subset(&wanted["json"], &made["json"]),
        Some(_) => {
            let mut fields = wanted["fields"].clone();
            let members = fields.as_object_mut().expect("fields");
            members.retain(|name, _| !["packet_version", "timestamp"].contains(&name.as_str()));
            return subset(&fields, &made["fields"]);
        }
        None => {}
    }
    let methods = &wanted["method"];
    if *methods != made["method"] && !list(methods).contains(&made["method"]) {
        return Some("the method".to_owned());
    }
    let url = made["url"].as_str().expect("a URL");
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let origin = wanted["origin"].as_str().expect("an origin");
    if address.strip_prefix(origin) != wanted["path"].as_str() {
        return Some(format!("the address `{address}`"));
    }
    pairs(wanted, query).or_else(|| headers(wanted, made)).or_else(|| body(&wanted["body"], made))
}

/// A query taken apart and decoded.
fn decoded(query: &str) -> Vec<(String, String)> {
    let decode = |text: &str| {
        let bytes = text.replace('+', " ").into_bytes();
        let (mut decoded, mut at) = (Vec::new(), 0);
        while at < bytes.len() {
            let digits = std::str::from_utf8(bytes.get(at + 1..at + 3).unwrap_or_default());
            match digits.ok().filter(|_| bytes[at] == b'%').map(|hex| u8::from_str_radix(hex, 16)) {
                Some(Ok(byte)) => {
                    decoded.push(byte);
                    at += 3;
                }
                _ => {
                    decoded.push(bytes[at]);
                    at += 1;
                }
            }
        }
        String::from_utf8(decoded).expect("UTF-8")
    };
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(a, b)| (decode(a), decode(b)))
        .collect()
}

fn pairs(wanted: &Value, query: &str) -> Option<String> {
    let mut rest = decoded(query);
    for pair in list(&wanted["query"]) {
        let text = |at: usize| pair[at].as_str().expect("text").to_owned();
        match rest.iter().position(|known| *known == (text(0), text(1))) {
            Some(at) => drop(rest.remove(at)),
            None => return Some(format!("no pair {pair} in {rest:?}")),
        }
    }
    let named = |name: &String| {
        list(&wanted["query_optional"]).iter().any(|known| known.as_str() == Some(name))
            || wanted["query_regex"].get(name).is_some()
    };
    rest.retain(|(name, _)| !named(name));
    (!rest.is_empty()).then(|| format!("more pairs: {rest:?}"))
}

fn headers(wanted: &Value, made: &Value) -> Option<String> {
    wanted["headers"].as_object()?.iter().find_map(|(name, value)| {
        let got = made["headers"][name].as_str();
        let fits = match value {
            Value::Null => got.is_none(),
            Value::Object(pattern) => {
                let pattern = pattern["regex"].as_str().expect("a pattern");
                let pattern = regex_lite::Regex::new(pattern).expect("a pattern");
                got.is_some_and(|got| pattern.is_match(got))
            }
            value => got == value.as_str(),
        };
        (!fits).then(|| format!("the header `{name}`: {got:?}"))
    })
}

fn body(wanted: &Value, made: &Value) -> Option<String> {
    let text = made["body"].as_str().unwrap_or_default();
    let texts =
        |name: &str| list(&wanted[name]).iter().filter_map(Value::as_str).collect::<Vec<_>>();
    if wanted["none"] == true && !text.is_empty() {
        return Some("a body".to_owned());
    }
    for part in [texts("text_contains"), texts("contains")].concat() {
        if !text.contains(part) {
            return Some(format!("no `{part}` in the body"));
        }
    }
    if let Some(part) = texts("not_contains").iter().find(|part| text.contains(**part)) {
        return Some(format!("`{part}` in the body"));
    }
    if wanted["max_bytes"].as_u64().is_some_and(|most| text.len() as u64 > most) {
        return Some(format!("{} bytes", text.len()));
    }
    let json: Value = serde_json::from_str(text).unwrap_or_default();
    let form = decoded(text);
    let member = |name: &str| form.iter().find(|(known, _)| known == name).map(|(_, value)| value);
    for name in ["form_or_json", "form_subset"] {
        for (name, value) in wanted[name].as_object().into_iter().flatten() {
            if member(name).map(String::as_str) != value.as_str() {
                return Some(format!("the form's `{name}`"));
            }
        }
    }
    let lines: Vec<Value> =
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let subsets = [
        subset(&wanted["json_subset"], &json),
        subset(&wanted["json_array_first_subset"], &json[0]),
        subset(&wanted["ndjson_subset"], &Value::Array(lines.clone())),
        subset(&wanted["envelope"]["json_subset"], lines.get(2).unwrap_or(&Value::Null)),
        subset(&wanted["envelope"]["item_header_subset"], lines.get(1).unwrap_or(&Value::Null)),
        subset(&wanted["zabbix_item"], &json["params"]),
    ];
    if let Some(why) = subsets.into_iter().flatten().next() {
        return Some(why);
    }
    let there =
        |json: &Value, path: &str| json.pointer(&format!("/{}", path.replace('.', "/"))).is_some();
    let lost = texts("json_present").into_iter().find(|path| !there(&json, path));
    let first = texts("json_array_first_present").into_iter().find(|path| !there(&json[0], path));
    lost.or(first).map(|path| format!("no `{path}`")).or_else(|| metrics(wanted, text))
}

fn metrics(wanted: &Value, text: &str) -> Option<String> {
    wanted["prometheus_text"].as_object()?.iter().find_map(|(name, value)| {
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
        let got = line.and_then(|number| number.parse::<f64>().ok());
        (got != value.as_f64()).then(|| format!("the metric `{name}`: {got:?}"))
    })
}

/// Where `made` lacks something of `wanted`; an expectation that is not there holds.
fn subset(wanted: &Value, made: &Value) -> Option<String> {
    match (wanted, made) {
        (Value::Null, _) => None,
        (Value::Object(wanted), made) => wanted.iter().find_map(|(name, value)| {
            subset(value, &made[name]).map(|why| format!("{name}: {why}"))
        }),
        (Value::Array(wanted), made) => {
            wanted.iter().enumerate().find_map(|(at, value)| subset(value, &made[at]))
        }
        (Value::Number(wanted), Value::Number(made)) if wanted.as_f64() == made.as_f64() => None,
        (wanted, made) => (wanted != made).then(|| format!("{wanted} is {made}")),
    }
}
