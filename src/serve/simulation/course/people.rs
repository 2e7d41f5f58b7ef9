//! What people do: they make monitors and channels, pause, and resume.

use super::{Act, Course};
use crate::domain::time::Moment;
use crate::domain::transition::{Input, State};
use crate::serve::blind;
use crate::serve::effects::Effects;
use crate::serve::judge::{self, Judged};
use crate::serve::simulation::clients::{Job, MINUTE, Paused};
use crate::serve::simulation::world::{BEGIN, Fate, World};
use crate::store::channels::{self, NewChannel};
use crate::store::monitors::{self, About, Live, Named, NewMonitor};
use crate::store::projects;

/// Makes jobs with their monitors, and channels.
pub(super) fn begin(world: &mut World) -> (Vec<Job>, Vec<i64>) {
    // What is seldom due lives longer and costs little more to play.
    let most = world.chance.pick(&[0, 1, 2, 2, 3, 3, 3, 4]);
    let count = 1 + world.chance.below(3);
    let mut jobs: Vec<Job> = (0..count)
        .map(|_| {
            let place = usize::saturating_sub(most, world.chance.below(2) as usize);
            Job::new(&mut world.chance, place, BEGIN)
        })
        .collect();
    let count = 1 + world.chance.below(2);
    let made = world.write(0, Fate::Kept, |tx, _, now| {
        let project_id = projects::insert(tx, "p", "p", "p", now)?;
        let mut made = Vec::new();
        for n in 0..count {
            made.push(channels::insert(tx, &channel(project_id, n), now)?);
        }
        for (n, job) in jobs.iter_mut().enumerate() {
            job.id = monitors::insert(tx, &monitor(project_id, n, &job.rules(), now), now)?;
        }
        Ok(made)
    });
    (jobs, made.made.unwrap())
}

impl Course {
    pub(super) fn pause(&mut self, place: usize) -> Result<(), String> {
        if self.world.up().is_empty() || self.is_calm {
            return Ok(());
        }
        let (wall, period) = (self.world.wall(), self.jobs[place].period);
        let span = 1 + self.world.chance.below(5 * period);
        let until = self.world.chance.one_in(2).then_some(wall + span);
        let until_success = self.world.chance.one_in(3);
        self.after(span, Act::Resume(place));
        let input = Input::Pause { until: until.map(Moment), until_success, reason: None };
        if self.apply(place, input) {
            let job = &mut self.jobs[place];
            job.lapse(&self.world.blind, wall);
            let from = job.pause.map_or(wall, |pause| pause.from);
            job.pause = Some(Paused { from, until, until_success });
        }
        self.check(&[place]).map(drop)
    }

    pub(super) fn resume(&mut self, place: usize) -> Result<(), String> {
        if self.world.up().is_empty() {
            self.after(MINUTE * 10, Act::Resume(place));
            return Ok(());
        }
        let wall = self.world.wall();
        if self.apply(place, Input::Resume) {
            let job = &mut self.jobs[place];
            job.lapse(&self.world.blind, wall);
            job.resume(&self.world.blind, wall);
        }
        self.check(&[place]).map(drop)
    }

    /// What a person asks for, as the API does it; says whether it was committed.
    pub(super) fn apply(&mut self, place: usize, input: Input<'static>) -> bool {
        let id = self.jobs[place].id;
        let Some(node) = self.world.any_up() else { return false };
        self.world.note(|| format!("monitor {id}: {input:?}"));
        let ended = self.world.write(node, Fate::Kept, |tx, app, now| {
            blind::notice(tx, &app.watch, now)?;
            let monitor = monitors::load(tx, &[Named::Id(id)])?.remove(0).monitor;
            let mut effects = Effects::default();
            let mut judged = Judged::new(app, monitor, now);
            judged.step(&input, now);
            judged.settle(tx, now, &mut effects)?;
            judge::save(tx, vec![&judged], now)?;
            Ok(effects)
        });
        self.wake(node, &ended.made.unwrap_or_default());
        ended.is_heard
    }
}

fn channel(project_id: i64, n: i64) -> NewChannel {
    NewChannel {
        uuid: format!("c{n}"),
        project_id,
        name: format!("c{n}"),
        kind: "webhook".to_owned(),
        settings: r#"{"kind":"webhook","url":"http://example.com/"}"#.to_owned(),
        disabled: None,
    }
}

fn monitor(project_id: i64, n: usize, rules: &str, now: Moment) -> NewMonitor {
    let about = About {
        slug: format!("m{n}"),
        tags: vec![format!("t{}", n % 2)],
        rules: rules.to_owned(),
        channels: "\"*\"".to_owned(),
        ..About::default()
    };
    let state = serde_json::to_string(&State::new(now)).unwrap();
    let live = Live { state, status: "new".to_owned(), wake_at: Some(now), ..Live::default() };
    NewMonitor { project_id, uuid: format!("m{n}"), about, live }
}
