//! From settings to a receiver that answers, and from a signal to its end.
//!
//! The order matters: the store is opened and written to before anything is answered, what was missed
//! while nobody looked is known before the first deadline is judged, and at the end connections finish
//! before the store is closed, so that whatever was acknowledged is on disk.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::app::{App, Keep};
use super::certificate::{self, Certificate};
use super::first_start::{self, GivenKeys, Keys};
use super::listen::{self, Doors};
use super::log::Log;
use super::socket::Listener;
use super::{
    alerter, alone, blind, checker, faults, health, mail, ping, presence, quiet, recorder,
    retention, router, watched,
};
use crate::domain::proxies::Proxies;
use crate::store::{Place, Store, Trouble};
use crate::sys::tls_server::Pair;
use crate::sys::{inherited, memory, service};

/// Threads that answer, at least; more where there are more processors.
const THREADS_MIN: usize = 2;

/// Threads that answer, at most: the store has a writer or two, which more of them only wait for.
const THREADS_MAX: usize = 8;

/// Everything together ends within this, whatever hangs: what is not done by then is in the store.
const STOP_TIME_MAX: Duration = Duration::from_secs(9);

/// Reads again what may change.
pub(crate) type Reread = Box<dyn Fn() -> Result<Changeable, String> + Send + Sync>;

/// What may change while the receiver runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changeable {
    /// What stands in front of paths in messages and ping URLs.
    pub(crate) public_url: Option<String>,
    /// How long what is kept.
    pub(crate) keep: Keep,
    /// Whom to believe about where a request came from.
    pub(crate) proxies: Arc<Proxies>,
    /// Keys of the file that are other than at the start, and count at the next one.
    pub(crate) fixed: Vec<&'static str>,
}

/// How the receiver is to run.
pub(crate) struct Settings {
    /// Where to listen.
    pub(crate) listen: Vec<String>,
    /// Where to listen when neither a person nor the service manager says.
    pub(crate) listen_default: Option<String>,
    /// The certificate to show; its files are read again, their names are not.
    pub(crate) tls: Option<Pair>,
    /// Where to take pings as mails.
    pub(crate) smtp: Option<String>,
    /// Who expects this receiver like a job.
    pub(crate) watched_by: Option<Url>,
    /// Where the store is.
    pub(crate) place: Place,
    /// Where this node keeps its own files.
    pub(crate) data_dir: PathBuf,
    /// What may change while it runs.
    pub(crate) changeable: Changeable,
    /// Reads that again; what is wrong with it is one line.
    pub(crate) reread: Reread,
    /// Certificates that channels trust besides this system's.
    pub(crate) ca_file: Option<PathBuf>,
    /// Whether channels may run commands.
    pub(crate) allow_commands: bool,
    /// Keys that are to be used instead of made ones.
    pub(crate) keys: GivenKeys,
    /// Where its own lines go.
    pub(crate) log: Log,
}

/// Why it stopped, or did not start.
pub(crate) struct Stopped {
    /// What is wrong.
    pub(crate) why: String,
    /// What to do.
    pub(crate) hint: Option<String>,
}

impl Stopped {
    /// Without advice.
    pub(crate) fn new(why: impl Into<String>) -> Stopped {
        Stopped { why: why.into(), hint: None }
    }
}

impl From<Trouble> for Stopped {
    fn from(trouble: Trouble) -> Stopped {
        Stopped::new(format!("cannot use the store: {trouble}"))
    }
}

/// Serves until it is told to stop.
pub(crate) fn run(settings: Settings) -> Result<(), Stopped> {
    // A client or a reader of our lines that has gone is an error of one write, not our end.
    inherited::set_disposition(libc::SIGPIPE, libc::SIG_IGN);
    listen::make_room();
    let processors = std::thread::available_parallelism().map_or(THREADS_MIN, usize::from);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(processors.clamp(THREADS_MIN, THREADS_MAX))
        .thread_name("hb-serve")
        .on_thread_start(memory::keep_pieces)
        .on_thread_stop(memory::give_back_pieces)
        .enable_all()
        .build()
        .map_err(|error| Stopped::new(format!("cannot start threads: {error}")))?;
    let ended = runtime.block_on(serve(settings));
    runtime.shutdown_timeout(Duration::from_millis(500));
    ended
}

/// Sets everything to work that a receiver does by itself.
fn work(
    tasks: &mut JoinSet<()>,
    app: &Arc<App>,
    watched_by: Option<Url>,
    stopping: &watch::Receiver<bool>,
) {
    let both = || (Arc::clone(app), stopping.clone());
    let (own, stop) = both();
    tasks.spawn(blind::keep_marking(own, stop));
    let (own, stop) = both();
    tasks.spawn(checker::check(own, stop));
    let (own, stop) = both();
    tasks.spawn(faults::look_through(own, stop));
    let (own, stop) = both();
    tasks.spawn(presence::keep_telling(own, stop));
    let (own, stop) = both();
    tasks.spawn(alerter::alert(own, stop));
    let (own, stop) = both();
    tasks.spawn(retention::tidy(own, stop));
    if let Some(url) = watched_by {
        let (own, stop) = both();
        tasks.spawn(watched::keep_pinging(own, url, stop));
    }
}

async fn serve(settings: Settings) -> Result<(), Stopped> {
    // Held until everything has ended.
    let _alone = alone::take(&settings.place)?;
    let store = Store::open(&settings.place)?;
    let keys = Arc::new(first_start::prepare(&store, &settings).await?);
    settings.keys.warn(&settings.log);
    let load = |pair: &Pair| Certificate::load(pair, &settings.log).map(Arc::new);
    let certificate = settings.tls.as_ref().map(load).transpose()?;
    let listeners = listeners(&settings).await?;
    let mail_door = mail_door(&settings).await?;
    let (first_url, url_here) = urls(&listeners, settings.changeable.public_url.as_deref());
    let badge_secret = first_start::badge_secret(&store).await?;
    let app = Arc::new(App::new(&settings, store, &first_url, badge_secret)?);
    keys.tell_password(&app.password);
    // The first mark is also the proof that the store takes writes.
    blind::begin(&app).await?;
    quiet::refresh(&app).await?;

    // Whoever has read that it listens may tell it to stop at once.
    let unix_signals = UnixSignals::register();
    let (stop, stopping) = watch::channel(false);
    let (stop_recording, recording) = watch::channel(false);
    let mut recorder = JoinSet::new();
    recorder.spawn(ping::keep_looking_up(Arc::clone(&app), recording.clone()));
    recorder::start(&mut recorder, &app, &recording);
    let mut tasks = JoinSet::new();
    let doors = Doors::new(&app, certificate.clone());
    for listener in listeners {
        let url = listener.url();
        let router = router::router(&app);
        tasks.spawn(listen::serve(listener, router, doors.clone(), stopping.clone()));
        // Scripts wait for exactly this line.
        settings.log.bare(&format!("listening on {url}"));
    }
    if let Some(door) = mail_door {
        settings.log.bare(&format!("listening on {}", door.url()));
        tasks.spawn(mail::serve(door, Arc::clone(&app), stopping.clone()));
    }
    keys.announce(&settings.log, &app.public_url());
    keys.leave_word(&url_here, &settings.log);
    work(&mut tasks, &app, settings.watched_by, &stopping);
    tasks.spawn(keep_password(Arc::clone(&app), Arc::clone(&keys)));
    let (ask, asked) = watch::channel(0);
    if let Some(certificate) = certificate {
        tasks.spawn(certificate::keep_fresh(certificate, settings.log, asked, stopping.clone()));
    }
    service::tell("READY=1");
    tasks.spawn(health::keep_telling(Arc::clone(&app), stopping));

    let why = until_told(&app, &settings.reread, &ask, unix_signals).await;
    service::tell("STOPPING=1");
    settings.log.info("stopping", &[("reason", why.as_str())]);
    let _ = stop.send(true);
    // Connections end first, then the recorder with what they have brought, then the store.
    let all = async {
        while tasks.join_next().await.is_some() {}
        let _ = stop_recording.send(true);
        while recorder.join_next().await.is_some() {}
    };
    let in_time = tokio::time::timeout(STOP_TIME_MAX, all).await.is_ok();
    if !in_time {
        settings.log.warning("not everything ended in time; the store has it", &[]);
    }
    keys.forget_runtime_file();
    blind::end(&app).await;
    app.store.close().await;
    match app.health.fatal() {
        Some(fatal) => Err(Stopped { why: fatal.why, hint: Some(fatal.hint.to_owned()) }),
        None => Ok(()),
    }
}

async fn keep_password(app: Arc<App>, keys: Arc<Keys>) {
    if let Err(trouble) = first_start::keep_password(app.store.clone(), keys).await {
        app.noted(&trouble);
    }
}

/// The socket for mails, where one is asked for.
async fn mail_door(settings: &Settings) -> Result<Option<mail::Door>, Stopped> {
    let Some(address) = &settings.smtp else { return Ok(None) };
    let cannot = |error| format!("cannot listen for mail on `{address}`: {error}");
    mail::Door::open(address).await.map(Some).map_err(|error| Stopped::new(cannot(error)))
}

/// The URL that stands in answers where nobody has named one, and the one that this host's own `hb run`
/// uses: a certificate is good for a name, so a socket without TLS comes first, then the public URL.
fn urls(listeners: &[Listener], public_url: Option<&str>) -> (String, String) {
    let network = listeners.iter().find(|listener| listener.is_tcp());
    let first = network.or(listeners.first());
    let plain = listeners.iter().find(|listener| listener.is_tcp() && !listener.is_tls);
    let plain = plain.or(listeners.iter().find(|listener| !listener.is_tls));
    let first_url = first.map(Listener::url_here).unwrap_or_default();
    let here = plain.map(Listener::url_here).or(public_url.map(str::to_owned));
    (first_url.clone(), here.unwrap_or(first_url))
}

/// The sockets of the service manager, and those that were asked for.
async fn listeners(settings: &Settings) -> Result<Vec<Listener>, Stopped> {
    let mut listeners = Vec::new();
    for socket in service::sockets() {
        let listener = Listener::taken_over(socket, settings.tls.is_some())
            .map_err(|error| Stopped::new(format!("cannot use the manager's socket: {error}")))?;
        listeners.push(listener);
    }
    let default = settings.listen_default.iter().filter(|_| listeners.is_empty());
    let addresses: Vec<&String> = settings.listen.iter().chain(default).collect();
    for address in addresses {
        let listener =
            Listener::open(address, settings.tls.is_some()).await.map_err(|error| Stopped {
                why: format!("cannot listen on `{address}`: {error}"),
                hint: (error.kind() == std::io::ErrorKind::AddrInUse).then(|| {
                    "another server is there; `--listen 127.0.0.1:0` takes a free port".into()
                }),
            })?;
        listeners.push(listener);
    }
    Ok(listeners)
}

/// The signals that a receiver hears. From the moment that they are registered none of them kills it.
struct UnixSignals {
    terminate: Option<Signal>,
    interrupt: Option<Signal>,
    hang_up: Option<Signal>,
}

impl UnixSignals {
    fn register() -> UnixSignals {
        let unix_signal = |kind| signal(kind).ok();
        UnixSignals {
            terminate: unix_signal(SignalKind::terminate()),
            interrupt: unix_signal(SignalKind::interrupt()),
            hang_up: unix_signal(SignalKind::hangup()),
        }
    }
}

/// Waits for a signal to stop, or for a store that cannot be trusted any more.
async fn until_told(
    app: &Arc<App>,
    reread: &Reread,
    ask: &watch::Sender<u64>,
    mut unix_signals: UnixSignals,
) -> String {
    let mut failing = app.health.failing();
    loop {
        tokio::select! {
            _ = next(&mut unix_signals.terminate) => return "SIGTERM".to_owned(),
            _ = next(&mut unix_signals.interrupt) => return "SIGINT".to_owned(),
            _ = next(&mut unix_signals.hang_up) => {
                reload(app, reread);
                ask.send_modify(|times| *times += 1);
            }
            _ = failing.wait_for(|fatal| fatal.is_some()) => {
                return app.health.fatal().map_or_else(String::new, |fatal| fatal.why);
            }
        }
    }
}

/// Takes what may change as it is now; what is wrong with it changes nothing.
fn reload(app: &App, reread: &Reread) {
    match reread() {
        Ok(changeable) => app.change(changeable),
        Err(why) => app.log.error("not reloaded; everything stays as it was", &[("why", &why)]),
    }
}

/// The next of these signals; where they cannot be heard, never.
async fn next(of: &mut Option<Signal>) {
    match of {
        Some(of) => drop(of.recv().await),
        None => std::future::pending().await,
    }
}
