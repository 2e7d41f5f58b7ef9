//! What a service answers, without the secrets of the channel it answers to.

use serde_json::{Value, json};

use super::{message, parse};
use crate::notify::channel::Kind;
use crate::notify::message::What;
use crate::notify::secrets::Secrets;
use crate::notify::webhook;
use crate::sys::clock;

fn hidden(settings: Value, text: &str) -> String {
    let settings = parse(settings);
    let mut secrets = Secrets::of(&settings);
    if let Kind::Webhook(webhook) = &settings.kind {
        secrets.and_of(&webhook::render(webhook, &message(What::Opened), clock::now()));
    }
    secrets.hide(text)
}

#[test]
fn a_secret_is_hidden_in_whatever_spelling_it_comes_back() {
    let url = "https://us%65r:pass-w@h.example/services/T00/B00/TOKENTOKEN?k=QUERYVALUE&$STATUS=a%20b%20c%20d";
    let hook = json!({
        "kind": "webhook", "url": url,
        "headers": { "Authorization": "Bearer HEADER$STATUS", "X-Sign": "Basic aGI6cGFzc3dvcmQ=" },
        "body": "{\"key\": \"BODYBODY\", \"text\": \"$NAME has a problem, id=LONGLONG9\", \"n\": $NAME_JSON}",
    });
    let mail = json!({
        "kind": "email", "host": "h.example", "user": "u", "password": "s3cret!",
        "from": "a@b.c", "to": ["d@e.f"],
    });
    let command = json!({ "kind": "command", "argv": ["/bin/tell", "--token=s3cret", "-v"] });
    let form = json!({ "kind": "webhook", "url": "https://h.example/", "body": "token=FORMFORM&text=$NAME" });
    let ntfy = json!({ "kind": "ntfy", "topic": "t0pic", "token": "tk_1" });
    for (settings, said, expected) in [
        (&hook, "cannot POST /services/T00/B00/TOKENTOKEN?k=QUERYVALUE", "cannot POST ****?k=****"),
        (&hook, "T00/B00/TOKENTOKEN, or just TOKENTOKEN", "T00/B00/****, or just ****"),
        (&hook, "QUERYVALUE or a%20b%20c%20d or a b c d", "**** or **** or ****"),
        (&hook, "user us%65r, pass-w at h.example", "user ****, **** at h.example"),
        (&hook, "Bearer HEADERdown and HEADERdown and HEADER", "**** and **** and ****"),
        (&hook, "Bearer token wanted for h.example", "Bearer token wanted for h.example"),
        (&hook, "hb:password, password", "****, ****"),
        (&hook, "no field key, no field text", "no field key, no field text"),
        (&hook, "BODYBODY and LONGLONG9", "**** and ****"),
        (&hook, "services: TOKENTO…", "****: ****…"),
        (
            &hook,
            "HEADERdow… for the first; BODYB… for the second",
            "****… for the first; ****… for the second",
        ),
        (&mail, "535 s3cret! is AHUAczNjcmV0IQ== is czNjcmV0IQ==", "535 **** is **** is ****"),
        (&command, "tell: --token=s3cret -v", "tell: **** -v"),
        (&form, "token FORMFORM", "token ****"),
        (&ntfy, "t0pic and tk_1", "**** and ****"),
        (&ntfy, "nothing of ours…", "nothing of ours…"),
    ] {
        assert_eq!(hidden(settings.clone(), said), expected, "{said}");
    }
}
