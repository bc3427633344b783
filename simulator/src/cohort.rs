//! `cohort`: a recording of many patients and the truth about them.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Serialize;

use crate::chance::Chance;
use crate::course::{Course, Grade};
use crate::feed::Feed;
use crate::moment::{self, DAY, HOUR, MINUTE};
use crate::person::Person;
use crate::product::Profile;
use crate::say;
use crate::stay::{Cadence, Message, Plan, Rhythm, Slips, Stay, Via};
use crate::truth::Truth;

#[derive(clap::Args, Clone)]
pub struct Options {
    /// How many patients.
    #[arg(long, default_value_t = 1000)]
    pub patients: usize,
    /// The same seed gives the same bytes.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Follow each patient until this day after the infusion, or until discharge.
    #[arg(long, default_value_t = 30)]
    pub days: i64,
    /// Write the recording here: newline-delimited JSON.
    #[arg(long)]
    pub out: PathBuf,
    /// Write what really happened here: one JSON line for each patient.
    #[arg(long)]
    pub truth: Option<PathBuf>,
    /// seed, axi-cel, tisa-cel, liso-cel, brexu-cel, ide-cel or cilta-cel.
    #[arg(long, default_value = "seed")]
    pub profile: Profile,
    /// When the first patient is admitted.
    #[arg(long, default_value = "2026-01-05T09:00:00+09:00")]
    pub from: String,
    /// A new patient is admitted this often.
    #[arg(long, default_value = "8h")]
    pub admit_every: String,
    /// How often vital signs are recorded in days 0 to 14 and during CRS.
    #[arg(long, default_value = "30m")]
    pub vitals_every: String,
    #[arg(long, default_value = "6E")]
    pub ward: String,
}

/// One line of a recording.
#[derive(Serialize)]
pub struct Line<'a> {
    at: String,
    via: Via,
    topic: &'a str,
    body: &'a str,
}

impl<'a> Line<'a> {
    pub fn of(message: &'a Message) -> Self {
        Self { at: moment::rfc3339(message.at), via: message.via, topic: &message.topic, body: &message.body }
    }
}

pub fn run(options: &Options) -> Result<()> {
    let stays = Stays::new(options)?;
    let mut recording = create(&options.out)?;
    let mut truth = options.truth.as_deref().map(create).transpose()?;
    let mut admitted = 0;
    let mut trouble = None;
    let mut lines = 0_u64;
    let feed = Feed::new(stays.inspect(|stay| {
        admitted += 1;
        if admitted % 100 == 0 {
            say::progress(&format!("admitted {admitted} patients"));
        }
        if let Some(file) = &mut truth
            && let Err(error) = write_line(file, &Truth::of(stay))
        {
            trouble = Some(error);
        }
    }));
    for message in feed {
        write_line(&mut recording, &Line::of(&message))
            .with_context(|| format!("writing {}", options.out.display()))?;
        lines += 1;
    }
    if let Some(error) = trouble {
        return Err(error).context("writing the truth");
    }
    recording.flush().with_context(|| format!("writing {}", options.out.display()))?;
    if let Some(mut file) = truth {
        file.flush().context("writing the truth")?;
    }
    say::progress(&format!("{} patients, {lines} messages in {}", options.patients, options.out.display()));
    Ok(())
}

fn create(path: &Path) -> Result<BufWriter<File>> {
    let file = File::create(path).with_context(|| format!("cannot create {}", path.display()))?;
    Ok(BufWriter::with_capacity(1 << 18, file))
}

fn write_line(file: &mut impl Write, line: &impl Serialize) -> Result<()> {
    serde_json::to_writer(&mut *file, line)?;
    file.write_all(b"\n")?;
    Ok(())
}

/// The patients of a cohort in order of admission.
pub struct Stays {
    options: Options,
    from: i64,
    admit_every: i64,
    vitals_every: i64,
    next: usize,
    /// When each bed becomes free.
    beds: Vec<i64>,
}

impl Stays {
    pub fn new(options: &Options) -> Result<Self> {
        let admit_every = moment::span(&options.admit_every).context("--admit-every")?;
        let vitals_every = moment::span(&options.vitals_every).context("--vitals-every")?;
        if vitals_every < MINUTE || admit_every < 0 || !(1..=365).contains(&options.days) {
            bail!("--vitals-every is at least 1m, --admit-every at least 0h, --days 1 to 365");
        }
        Ok(Self {
            from: moment::parse(&options.from).context("--from")?,
            options: options.clone(),
            admit_every,
            vitals_every,
            next: 0,
            beds: Vec::new(),
        })
    }

    /// The lowest bed that is free at `from` and taken until `until`.
    fn bed(&mut self, from: i64, until: i64) -> String {
        let free = self.beds.iter().position(|taken| *taken <= from).unwrap_or(self.beds.len());
        if free == self.beds.len() {
            self.beds.push(until);
        } else {
            self.beds[free] = until;
        }
        format!("{:02}", free + 1)
    }
}

impl Iterator for Stays {
    type Item = Stay;

    fn next(&mut self) -> Option<Stay> {
        if self.next == self.options.patients {
            return None;
        }
        self.next += 1;
        let number = self.next;
        let mut chance = Chance::new(self.options.seed, number as u64);
        let admitted = self.from + (number as i64 - 1) * self.admit_every;
        let infusion = next_morning(admitted + 46 * HOUR);
        let (product, crs, icans) = self.options.profile.draw(&mut chance);
        let course = Course::draw(product, crs, icans, &mut chance);
        let discharged = discharge(&course, infusion, self.options.days, &mut chance);
        let bed = self.bed(admitted, discharged);
        let person = Person::draw(self.options.seed, number, &self.options.ward, &bed, infusion, &mut chance);
        let rhythm = Rhythm {
            cadence: Cadence::Recorded { every: self.vitals_every },
            // Six in the morning and in the evening, Japan.
            drawn: 21 * HOUR,
            delay: (40.0, 90.0),
            examined: 0,
            over_mqtt: true,
        };
        let run = format!("S{}", self.options.seed);
        let plan = Plan {
            person,
            course,
            infusion,
            admitted,
            discharged: Some(discharged),
            rhythm,
            slips: Slips::USUAL,
            run,
        };
        Some(Stay::new(plan, &mut chance))
    }
}

/// Infusions are given between ten and noon.
fn next_morning(at: i64) -> i64 {
    let ten = HOUR; // 10:00 in Japan is 01:00 UTC
    at + (ten - at).rem_euclid(DAY)
}

/// Around day 21 (the article this project starts from), not before two days without signs, at most `days`.
fn discharge(course: &Course, infusion: i64, days: i64, chance: &mut Chance) -> i64 {
    let usual = chance.normal_within(21.0, 3.0, 14.0, 30.0) * 24.0;
    let well = course.crs_end.max(course.icans_end) + 48.0;
    let hours = usual.max(if course.crs == Grade::None { 0.0 } else { well }).min(days as f64 * 24.0);
    infusion + (hours * HOUR as f64) as i64
}
