//! Every right thing and the value it becomes.
//! `whole.toml` has every key once, so that a forgotten one is found.
//! Layers are tested with small texts.

use std::time::Duration;

use super::{config, told};
use crate::config::find::ConfigFile;
use crate::config::member::{SETTINGS_KEYS, TARGET_KEYS};
use crate::config::policy::{
    Again, Capture, Drain, ExitStyle, Jitter, Lock, LockSkip, Policy, Quiet, TimeOfDay,
};
use crate::config::secret::{Secret, SecretSource};
use crate::config::settings::Settings;
use crate::config::target::{TargetConfig, TargetOptions};
use crate::config::understand::{Config, understand};
use crate::domain::event::Kind;
use crate::domain::exit_set::ExitSet;
use crate::domain::io_class::IoClass;

const WHOLE: &str = include_str!("whole.toml");

fn texts(items: &[&str]) -> Option<Vec<String>> {
    Some(items.iter().map(|item| (*item).to_owned()).collect())
}

fn policy() -> Policy {
    let exits = |text| Some(ExitSet::parse(text).unwrap());
    let seconds = |count| Some(Duration::from_secs(count));
    let digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    Policy {
        timeout: seconds(7200),
        kill_after: seconds(30),
        timeout_signal: Some("INT".to_owned()),
        retry: Some(3),
        retry_delay: Some(Duration::from_millis(500)),
        retry_on_exit: exits("1,2"),
        lock: Some(Lock::Named("dumps".to_owned())),
        lock_wait: seconds(600),
        lock_skip: Some(LockSkip::Log),
        lock_busy_exit: Some(0),
        ok_exit: exits("0"),
        warn_exit: exits("1,100-127"),
        min_duration: seconds(300),
        tolerate: Some(2),
        fail_if_output: texts(&["panic"]),
        require_output: texts(&["done", "ok"]),
        fail_on_stderr: Some(true),
        quiet: Some(Quiet::Always),
        keepalive: seconds(60),
        jitter: Some(Jitter { from: Duration::ZERO, until: Duration::from_secs(300) }),
        nice: Some(10),
        warn_after: seconds(3600),
        again: Some(Again::At(TimeOfDay { hour: 3, minute: 30 })),
        ionice: Some(IoClass::BestEffort(7)),
        user: Some("backup".to_owned()),
        signal_group: Some(true),
        init: Some(true),
        die_with_parent: Some(true),
        exit_style: Some(ExitStyle::Plain),
        head_bytes: Some(4096),
        raw: Some(true),
        follow_descendants: Some(true),
        json: Some("/run/nightly.json".into()),
        export: Some(true),
        chdir: Some("/srv".into()),
        env_file: Some(vec!["/etc/default/dump".into()]),
        log_dir: Some("/var/log/dumps".into()),
        drain: Some(Drain::Forever),
        capture: Some(Capture::Both),
        require_mount: Some(vec!["/mnt/nas".into()]),
        require_free_bytes: Some(20 << 30),
        pre: texts(&["true", "test -d /srv"]),
        expect_newer: texts(&["/backups/*.dump"]),
        min_size_bytes: Some(1024),
        size_of: Some(vec!["/backups".into()]),
        sha256_of: Some("/backups/last.dump".into()),
        expect_sha256: Some(digest.to_owned()),
        no_output: Some(true),
        strict: Some(false),
    }
}

#[test]
fn every_key_becomes_its_value() {
    let config = config(&[WHOLE]);
    assert_eq!(told(&config), [""; 0]);
    let nightly = Settings {
        to: texts(&["home", "https://hc-ping.com/7c8f"]),
        tail_bytes: Some(64 << 10),
        report_timeout: Some(Duration::from_secs(30)),
        timezone: Some("Europe/Berlin".to_owned()),
        grace: Some(Duration::from_secs(5400)),
        schedule: Some("0 3 * * *".to_owned()),
        run_at_most: Some(Duration::from_secs(14_400)),
        start_within: Some(Duration::from_secs(600)),
        tolerance: Some(1),
        presence: Some("host".to_owned()),
        absent_at_most: Some(Duration::from_secs(30 * 86_400)),
        lease: Some(Duration::from_secs(120)),
        stalled_after: Some(Duration::from_secs(1800)),
        preset: Some("borg".to_owned()),
        owner: Some("dba".to_owned()),
        description: Some("the customer database".to_owned()),
        tags: texts(&["backup", "prod"]),
        redact: texts(&["sk_live_[a-z0-9]+", "AKIA[A-Z0-9]+"]),
        policy: policy(),
    };
    assert_eq!(config.settings_for("nightly"), nightly);
    let literal = SecretSource::Literal(Secret::new("s3cret").unwrap());
    let headers = [("CF-Access-Client-Id", literal), ("X-Env", SecretSource::Env("X".to_owned()))];
    let home = TargetConfig {
        name: "home".to_owned(),
        url: "https://hb.example.org".to_owned(),
        with: std::collections::BTreeMap::new(),
        options: TargetOptions {
            dialect: Some("healthchecks".to_owned()),
            key: Some(SecretSource::File("/etc/hb/ping-key".into())),
            headers: Some(headers.map(|(name, source)| (name.to_owned(), source)).into()),
            ca_file: Some("/etc/ssl/private-ca.pem".into()),
            client_cert: Some("/etc/ssl/client.pem".into()),
            client_key: Some("/etc/ssl/client.key".into()),
            proxy: Some("http://proxy.example:3128".to_owned()),
            on: Some(vec![Kind::Start, Kind::Failure]),
            connect_timeout: Some(Duration::from_millis(500)),
        },
    };
    assert_eq!(config.targets["home"], home);
}

#[test]
fn every_key_in_the_lists_is_understood_and_tried() {
    for key in SETTINGS_KEYS.iter().chain(TARGET_KEYS) {
        assert!(WHOLE.contains(&format!("\n{key} = ")), "`{key}` is not in whole.toml");
    }
    // Wrong for every key, and yet unknown to none.
    let lines: String = SETTINGS_KEYS.iter().map(|key| format!("{key} = 1.5\n")).collect();
    let told = told(&config(&[&format!("[defaults]\n{lines}")]));
    assert_eq!(told.len(), SETTINGS_KEYS.len());
    assert!(told.iter().all(|line| line.contains("must be")), "{told:#?}");
}

#[test]
fn a_monitor_without_settings_has_the_defaults() {
    let config = config(&[WHOLE]);
    assert_eq!(config.settings_for("other"), config.defaults);
    assert_eq!(config.settings_for("other").policy.quiet, Some(Quiet::Success));
    let six_hours = Again::Every(Duration::from_secs(6 * 3600));
    assert_eq!(config.settings_for("other").policy.again, Some(six_hours));
}

#[test]
fn the_upper_file_wins_member_by_member() {
    let user = "
[defaults]
owner = \"me\"
redact = [\"a\"]
[targets.home]
key = \"env:KEY\"
[monitors.m]
grace = \"1m\"
nice = 1
";
    let system = "
[defaults]
owner = \"root\"
tail = 7
redact = [\"b\", \"a\"]
[targets.home]
url = \"https://h\"
key = \"env:OTHER\"
[monitors.m]
grace = \"2m\"
retry = 2
to = \"home\"
[monitors.n]
";
    let config = config(&[user, system]);
    assert_eq!(told(&config), [""; 0]);
    let settings = config.settings_for("m");
    assert_eq!(settings.owner.as_deref(), Some("me"));
    assert_eq!(settings.tail_bytes, Some(7));
    assert_eq!(settings.redact, texts(&["a", "b"]));
    assert_eq!(settings.grace, Some(Duration::from_secs(60)));
    assert_eq!((settings.policy.nice, settings.policy.retry), (Some(1), Some(2)));
    let home = &config.targets["home"];
    assert_eq!(home.url, "https://h");
    assert_eq!(home.options.key, Some(SecretSource::Env("KEY".to_owned())));
    assert!(config.monitors.contains_key("n"));
}

#[test]
fn mistakes_are_told_file_by_file() {
    let user = "[defaults]\nto = \"hmoe\"\n[targets.other]\n";
    let system = "[targets.home]\nurl = \"https://h\"\nkye = 1\n[targets.other]\n";
    let expected = [
        "a:2: unknown target `hmoe` | did you mean `home`?",
        "a:3: target `other` has no `url`",
        "b:3: unknown key `kye` | did you mean `key`?",
    ];
    assert_eq!(told(&config(&[user, system])), expected);
}

#[test]
fn an_empty_list_of_targets_is_kept_and_an_emptied_one_is_not() {
    let text = "
[defaults]
to = \"https://h\"
[monitors.silent]
to = []
[monitors.broken]
to = [\"gone\"]
";
    let config = config(&[text]);
    assert_eq!(config.settings_for("silent").to, Some(Vec::new()));
    assert_eq!(config.settings_for("broken").to, texts(&["https://h"]));
}

#[test]
fn every_way_to_write_a_value_is_understood() {
    let of = |line: &str| {
        let config = config(&[&format!("[defaults]\n{line}")]);
        assert_eq!(told(&config), [""; 0], "{line}");
        config.defaults.policy
    };
    let span = |from, until| {
        Some(Jitter { from: Duration::from_secs(from), until: Duration::from_secs(until) })
    };
    assert_eq!(of("jitter = \"5m\"").jitter, span(0, 300));
    assert_eq!(of("jitter = \"1-5m\"").jitter, span(60, 300));
    assert_eq!(of("jitter = \"30s - 5m\"").jitter, span(30, 300));
    let short = Some(Drain::For(Duration::from_millis(500)));
    assert_eq!(of("drain = \"500ms\"").drain, short);
    assert_eq!(of("lock = true").lock, Some(Lock::On));
    assert_eq!(of("lock = false").lock, Some(Lock::Off));
    assert_eq!(of("quiet = false").quiet, Some(Quiet::Off));
    assert_eq!(of("quiet = \"success\"").quiet, Some(Quiet::Success));
    assert_eq!(of("timeout_signal = 9").timeout_signal.as_deref(), Some("9"));
    assert_eq!(of("nice = -20").nice, Some(-20));
    assert_eq!(of("lock_busy_exit = 0x4B").lock_busy_exit, Some(75));
}

#[test]
fn a_key_that_others_can_read_is_a_warning() {
    let text = "[targets.t]\nurl = \"https://h\"\nkey = \"s3cret\"\nheaders = { A = \"env:A\" }\n";
    let file = ConfigFile { path: "a".into(), text: text.to_owned(), readable_by_others: true };
    let config = understand(&[file]);
    assert_eq!(told(&config), [""; 0]);
    let [warning] = config.warnings.as_slice() else { panic!("{:?}", config.warnings) };
    assert_eq!((warning.line, &*warning.message), (3, "other users can read the value of `key`"));
    assert!(!format!("{config:?}").contains("s3cret"));
}

#[test]
fn no_file_is_no_configuration_and_no_mistake() {
    assert_eq!(understand(&[]), Config::default());
    assert_eq!(config(&["", "# nothing\n", "\u{feff}[defaults]\r\n"]), Config::default());
}
