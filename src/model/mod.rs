//! Floor 0. Words: plain data, units and limits that every other part speaks in.
//!
//! Nothing here reads a clock, a file or a socket. Start reading at [`event`]: an event is all the
//! engine ever hears.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod alert;
pub mod analyte;
pub mod assessment;
pub mod change;
pub mod event;
pub mod limits;
pub mod observation;
pub mod patient;
pub mod reading;
pub mod therapy;
pub mod time;
pub mod value;

pub use alert::{Alert, AlertId, AlertState, Evidence, Kind, Priority};
pub use analyte::{Analyte, AnalyteSettings, RateLimit};
pub use assessment::{Assessment, Charted, Factors, FindingKind, Ice};
pub use change::{AlertChange, Change, Notification};
pub use event::{Action, ActionKind, Actor, Entry, Event, Rating, Rejection, Role};
pub use observation::{Bound, Observation, Quality, Quantity, Status};
pub use patient::{Census, CensusKind, Location, PatientId, Person};
pub use reading::{Coding, DrugGiven, DrugStatus, RawValue, Reading, ReadingTime};
pub use therapy::{OxygenDevice, Therapy, TherapyAction, TherapyKind};
pub use time::{Span, Time};
pub use value::Value;
