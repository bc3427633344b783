//! What was found at the bedside, the grade a physician gives it, and what was known before.

use axum::body::Bytes;
use axum::extract::{Extension, Path, State};
use axum::http::HeaderMap;

use super::{Answered, Charting, WORD};
use crate::display::caller::Caller;
use crate::display::form::{Form, parse};
use crate::display::problem::Problem;
use crate::display::state::Shared;
use crate::model::{Assessment, Charted, Event, Factors, Ice, Role};

/// Longest note.
const NOTE: usize = 2000;

pub async fn assessments(
    State(state): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answered {
    let charting = Charting::open(&state, &caller, &name, "chart assessment", &headers).await?;
    let sent = parse(&body)?;
    let assessment = assessed(&charting, Form::of(&sent)?)?;
    if assessment.charted.is_some() && !matches!(caller.account.role, Role::Physician | Role::Admin) {
        state.note(&caller, "chart grade", Some(charting.patient.as_str()), None, "refused: role").await;
        return Err(Problem::not_allowed("a grade is charted by a physician; leave out `charted`"));
    }
    let event = Event::Assessed { patient: charting.patient.clone(), assessment };
    charting.record(&body, vec![event]).await
}

fn assessed(charting: &Charting<'_>, form: Form<'_>) -> Result<Assessment, Problem> {
    let at = charting.at(&form)?;
    let ice = match form.part("ice")? {
        None => None,
        Some(items) => Some(examined(items)?),
    };
    let charted = match form.part("charted")? {
        None => None,
        Some(grades) => {
            /// 5 is death of it (ASTCT 2019), charted and never computed.
            const GRADES: u8 = 5;
            let charted = Charted {
                crs: grades.small("crs", 0, GRADES)?,
                icans: grades.small("icans", 0, GRADES)?,
                iec_hs: grades.small("iec_hs", 0, GRADES)?,
            };
            grades.finish()?;
            Some(charted).filter(|charted| *charted != Charted::default())
        }
    };
    let assessment = Assessment {
        at,
        by: charting.caller.account.name.clone(),
        ice,
        ice_total: form.small("ice_total", 0, 10)?,
        not_testable: form.word("not_testable", &["sedated", "intubated", "asleep", "refused"])?,
        consciousness: form.word("consciousness", &["spontaneous", "voice", "tactile", "unarousable"])?,
        seizure: form.word("seizure", &["none", "brief", "prolonged"])?,
        motor: form.flag("motor")?,
        edema: form.word("edema", &["none", "focal", "diffuse"])?,
        capd: form.small("capd", 0, 32)?,
        acvpu: form.word("acvpu", &["A", "C", "V", "P", "U"])?,
        soft_sign: form.flag("soft_sign")?,
        charted,
        note: form.text("note", NOTE)?,
        settles: Vec::new(),
    };
    form.finish()?;
    let nothing = Assessment { at, by: assessment.by.clone(), ..Assessment::default() };
    if assessment == nothing {
        return Err(Problem::unreadable(
            "the assessment says nothing; send at least one finding, such as `ice`",
        ));
    }
    Ok(assessment)
}

/// All five items: a missing one is unknown, not zero.
fn examined(items: Form<'_>) -> Result<Ice, Problem> {
    let item = |field: &'static str, most: u8| {
        let points = items.small(field, 0, most)?;
        items.needed(
            field,
            points,
            &format!("send all five items, this one from 0 to {most}, or `ice_total`"),
        )
    };
    let ice = Ice {
        orientation: item("orientation", 4)?,
        naming: item("naming", 3)?,
        commands: item("commands", 1)?,
        writing: item("writing", 1)?,
        attention: item("attention", 1)?,
    };
    items.finish()?;
    Ok(ice)
}

pub async fn factors(
    State(state): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answered {
    let charting = Charting::open(&state, &caller, &name, "chart factors", &headers).await?;
    let sent = parse(&body)?;
    let form = Form::of(&sent)?;
    let terminology = (state.terminology)();
    let product = form.text("product", WORD)?.map(|written| match terminology.drug_named(&written) {
        Ok(Some(drug)) if drug.product.is_some() => drug.product.unwrap_or_default(),
        Ok(_) | Err(_) => written.to_lowercase(),
    });
    let factors = Factors {
        age: form.small("age", 0, 120)?,
        product,
        disease_state: form.word("disease_state", &["cr", "pr", "active"])?,
        bulky: form.flag("bulky")?,
        prior_lines: form.small("prior_lines", 0, 50)?,
        ecog: form.small("ecog", 0, 5)?,
        lymphocytes_pre: form.number("lymphocytes_pre")?,
        easix_pre: form.number("easix_pre")?,
        ferritin_pre: form.number("ferritin_pre")?,
        crp_pre: form.number("crp_pre")?,
        spo2_scale: form.small("spo2_scale", 1, 2)?,
        immunosuppressed: form.flag("immunosuppressed")?,
        organomegaly: form.word("organomegaly", &["none", "one", "both"])?,
        hemophagocytosis: form.flag("hemophagocytosis")?,
        tumor_lysis: form.flag("tumor_lysis")?,
        kidney_injury: form.flag("kidney_injury")?,
    };
    form.finish()?;
    if factors == Factors::default() {
        return Err(Problem::unreadable("no fact was sent; send at least one, such as `age`"));
    }
    let by = caller.account.name.clone();
    let event = Event::Factors { patient: charting.patient.clone(), factors, by };
    charting.record(&body, vec![event]).await
}
