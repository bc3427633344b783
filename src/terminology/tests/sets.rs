//! Whole sets: every row of the built-in one does what it says, and a broken one tells all that is wrong with
//! it.

use super::*;
use toml::{Table, Value as Toml};

fn table(path: &str) -> Table {
    let files = Terminology::builtin_files();
    let text = &files.iter().find(|(known, _)| known == path).expect("a file of the set").1;
    text.parse().expect("TOML")
}

fn rows(path: &str, list: &str) -> Vec<Table> {
    let Some(Toml::Array(rows)) = table(path).remove(list) else { return vec![] };
    rows.into_iter().map(|row| row.as_table().expect("a row").clone()).collect()
}

fn text(row: &Table, key: &str) -> Option<String> {
    row.get(key).map(|value| value.as_str().expect("text").to_string())
}

fn texts(row: &Table, key: &str) -> Vec<String> {
    let list = row.get(key).map(|value| value.as_array().expect("a list").clone()).unwrap_or_default();
    list.iter().map(|value| value.as_str().expect("text").to_string()).collect()
}

/// A code as it would be sent: prefixes of JLAC10 are filled up to 17 digits with the specimen and the
/// result.
fn sent_code(row: &Table, code: &str, system: &str) -> String {
    if system != "JC10" {
        return code.into();
    }
    let specimen = texts(row, "specimens").pop().unwrap_or_else(|| "000".into());
    let result = texts(row, "results").pop().unwrap_or_else(|| "01".into());
    format!("{code:0<9}{specimen}000{result}")
}

#[test]
fn every_code_of_the_set_means_what_its_row_says() {
    let set = &*SET;
    let mut seen = 0;
    for path in BUILTIN.iter().map(|(path, _)| *path).filter(|path| path.starts_with("codes/")) {
        let file_system = text(&table(path), "system");
        for row in rows(path, "code") {
            let system = text(&row, "system").or(file_system.clone()).unwrap_or_default();
            let sender = text(&row, "sender").unwrap_or_else(|| "LIS|KUH".into());
            for code in texts(&row, "codes") {
                let mut one = reading(&sent_code(&row, &code, &system), &system, "", "");
                if let Some(name) = text(&row, "analyte") {
                    let settings = set.settings(Analyte::parse(&name).expect("a name")).expect("an analyte");
                    one.units = vec![settings.unit.clone()];
                    one.value = RawValue::Number(settings.hard_max.expect("limits").to_string());
                }
                let meaning = set.observe(&one, &patient(), &sender, NOW);
                match (text(&row, "analyte"), row.contains_key("refuse"), meaning) {
                    (Some(name), false, Ok(Meaning::Observation(seen))) => {
                        assert_eq!(seen.analyte.as_str(), name)
                    }
                    (None, true, Err(refused)) => assert_eq!(refused.class, "refused-code", "{code}"),
                    (None, false, Ok(Meaning::Share(share))) => {
                        assert_eq!(text(&row, "share").as_deref(), Some(share.part.analyte.as_str()))
                    }
                    (None, false, Ok(Meaning::Nothing)) => {}
                    (_, _, other) => panic!("{path}: {code} of {system}: {other:?}"),
                }
                seen += 1;
            }
        }
    }
    assert!(seen > 250, "only {seen} codes were looked at");
}

#[test]
fn every_spelling_of_the_set_is_its_own_unit() {
    let set = &*SET;
    for row in rows("units.toml", "unit") {
        let name = text(&row, "name").expect("a name");
        let own = set.units.spelled(&name).expect("a unit");
        for spelling in texts(&row, "spellings") {
            assert_eq!(set.units.spelled(&spelling), Some(own), "{spelling}");
        }
        let led_to = set.analytes().iter().any(|settings| {
            set.units.can_convert(settings.name, own) || set.units.refusal(settings.name, own).is_some()
        });
        let volume = ["mL", "L"].contains(&name.as_str());
        assert!(led_to || volume, "`{name}` leads to no analyte");
    }
    for row in rows("units.toml", "bridge") {
        let from = set.units.spelled(&text(&row, "from").expect("a unit")).expect("known");
        for name in texts(&row, "analytes") {
            assert!(set.units.can_convert(Analyte::parse(&name).expect("a name"), from), "{name}");
        }
    }
}

#[test]
fn every_word_of_the_set_is_understood() {
    for word in texts(&table("words.toml"), "unavailable") {
        assert_eq!(observed(&reading("2777-1", "LN", &word, "mg/dL")).quantity, None, "{word}");
    }
    for row in rows("words.toml", "oxygen") {
        for word in texts(&row, "words") {
            let Ok(Meaning::OxygenDevice { device, .. }) = meaning(&reading("3152-6", "LN", &word, ""))
            else {
                panic!("{word}")
            };
            assert_eq!(Some(device.name()), row["device"].as_str(), "{word}");
        }
    }
    for row in rows("words.toml", "comparator") {
        let before = texts(&row, "before").into_iter().map(|word| format!("{word} 5"));
        let after = texts(&row, "after").into_iter().map(|word| format!("5{word}"));
        for written in before.chain(after) {
            let quantity = observed(&reading("1988-5", "LN", &written, "mg/L")).quantity.expect("a value");
            let bound = serde_json::to_value(quantity.bound).expect("a word");
            assert_eq!(bound.as_str(), row["bound"].as_str(), "{written}");
        }
    }
}

#[test]
fn every_drug_of_the_set_is_found_by_each_of_its_words() {
    let set = &*SET;
    for row in rows("drugs.toml", "drug") {
        for word in texts(&row, "words") {
            let mut given = super::drugs::given("");
            given.codings[0].name = word.clone();
            let therapy = set.drug(&given, &patient(), "HIS").expect("a therapy").expect("not an order");
            assert_eq!(Some(therapy.kind.name()), row["kind"].as_str(), "{word}");
            assert_eq!(therapy.agent, text(&row, "agent"), "{word}");
            assert_eq!(therapy.product, text(&row, "product"), "{word}");
        }
    }
}

#[test]
fn every_analyte_people_may_rely_on_is_there_with_its_unit() {
    let set = &*SET;
    let relied_on = "temperature heart_rate systolic diastolic map spo2 respiratory_rate oxygen_flow fio2 gcs weight \
        height urine phosphate pai1 crp ferritin il6 ldh creatinine bilirubin ast alt platelets wbc neutrophils \
        lymphocytes hemoglobin fibrinogen d_dimer lactate triglycerides sodium potassium calcium ice";
    for name in relied_on.split_whitespace() {
        let settings = set.settings(Analyte::parse(name).expect("a name"));
        assert!(settings.is_some(), "{name}");
    }
    let unit = |name: &str| set.settings(Analyte::named(name)).map(|settings| settings.unit.as_str());
    assert_eq!(unit("phosphate"), Some("mg/dL"));
    assert_eq!(unit("pai1"), Some("ng/mL"));
    assert_eq!(unit("crp"), Some("mg/L"));
    assert_eq!(unit("platelets"), Some("10*9/L"));
    let pai1 = set.settings(Analyte::PAI1).expect("there");
    assert!(pai1.same_assay && !pai1.continuous);
    assert_eq!(pai1.stale_after, Span::hours(36));
}

/// The built-in set with one text changed.
fn changed(path: &str, from: &str, to: &str) -> Vec<(String, String)> {
    let mut files = Terminology::builtin_files();
    let text = &mut files.iter_mut().find(|(known, _)| known == path).expect("a file of the set").1;
    assert!(text.contains(from), "{from}");
    *text = text.replacen(from, to, 1);
    files
}

fn mistakes(files: &[(String, String)]) -> Vec<Mistake> {
    Terminology::load(files).expect_err("mistakes")
}

/// A set with a mistake of every kind.
const BROKEN: [(&str, &str); 6] = [
    (
        "analytes.toml",
        "[[analyte]]\nname = \"phosphate\"\nunit = \"mg/dL\"\ntitle = { en = \"P\", ja = \"P\" }\nhard = [30, 0.1]\n\
             soft = [0.5, 12]\nstale_after = \"1 day\"\ndecimals = 1\nsource = \"x\"\nstale_afer = \"24h\"\n\
             [[analyte]]\nname = \"Bad Name\"\nunit = \"furlong\"\ntitle = { en = \"P\" }\nhard = [1, 5]\nsoft = [0, 6]\n\
             stale_after = \"1h\"\ndecimals = 4\nsource = \"x\"\n\
             [[analyte]]\nname = \"crp\"\nunit = \"furlong\"\ntitle = { en = \"C\", ja = \"C\" }\nstale_after = \"1h\"\n\
             decimals = 1\nsource = \"x\"\n",
    ),
    (
        "units.toml",
        "[[unit]]\nname = \"mg/dL\"\ndimension = \"mass\"\nspellings = [\"mg/dl\"]\n\
             [[bridge]]\nanalytes = [\"phosphat\"]\nfrom = \"pint\"\nto = \"mg/dL\"\ntimes = \"2\"\nsource = \"x\"\n",
    ),
    ("words.toml", "[[oxygen]]\ndevice = \"snorkel\"\nwords = []\n"),
    ("drugs.toml", "[[drug]]\nkind = \"potion\"\nwords = [\"x\"]\n"),
    (
        "codes/x.toml",
        "system = \"LN\"\n[[code]]\ncodes = [\"1\"]\nanalyte = \"crp\"\nsource = \"x\"\n\
             [[code]]\ncodes = [\"1\"]\nanalyte = \"crq\"\nsource = \"x\"\n\
             [[code]]\ncodes = [\"2\"]\nanalyte = \"crp\"\nrefuse = \"why\"\ndefault_unit = \"mg/dL\"\nsource = \"x\"\n",
    ),
    ("codes/y.toml", "this is = no TOML\n"),
];

#[test]
fn a_broken_set_tells_all_its_mistakes_with_file_and_line() {
    let files: Vec<(String, String)> =
        BROKEN.map(|(path, text)| (path.to_string(), text.to_string())).to_vec();
    let found = mistakes(&files);
    let has = |file: &str, line: usize, words: &str| {
        let hit = found.iter().any(|m| m.file == file && m.line == line && m.message.contains(words));
        assert!(hit, "{file}:{line}: {words}\n{found:#?}");
    };
    has("analytes.toml", 5, "does not go from less to more");
    has("analytes.toml", 7, "no span of time");
    has("analytes.toml", 10, "unknown key `stale_afer`");
    has("analytes.toml", 12, "no analyte name");
    has("analytes.toml", 14, "`ja` is missing");
    has("analytes.toml", 16, "outside the hard ones");
    has("analytes.toml", 18, "not 0, 1, 2 or 3");
    has("analytes.toml", 20, "no unit of the set");
    has("units.toml", 1, "`size` is missing");
    has("units.toml", 6, "unknown analyte `phosphat`");
    has("units.toml", 7, "unknown unit `pint`");
    has("words.toml", 2, "unknown oxygen device `snorkel`");
    has("drugs.toml", 2, "unknown kind of therapy `potion`");
    has("drugs.toml", 3, "less than three letters");
    has("codes/x.toml", 8, "unknown analyte `crq`");
    has("codes/x.toml", 11, "stands for one thing");
    has("codes/x.toml", 14, "`default_unit` without `sender`");
    has("codes/y.toml", 1, "not TOML");
    assert!(found.iter().all(|mistake| !mistake.remedy.is_empty()));
    let near = found.iter().find(|mistake| mistake.message.contains("stale_afer")).expect("there");
    assert_eq!(near.remedy, "did you mean `stale_after`?");
    assert!(near.to_string().starts_with("analytes.toml:10:1: unknown key"), "{near}");
}

#[test]
fn rows_that_contradict_each_other_are_found_across_files() {
    let twice = changed(
        "codes/local.toml",
        "# ---- Oxygen",
        "[[code]]\nsystem = \"LOINC\"\ncodes = [\"2777-1\"]\nanalyte = \"calcium\"\nsource = \"x\"\n# ---- Oxygen",
    );
    let found = mistakes(&twice);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].message.contains("`2777-1` is there twice"), "{}", found[0]);
    let spelling = changed("units.toml", "\"mg/dL\", \"mg/100mL\"", "\"mg/dL\", \"mmol/L\"");
    assert!(mistakes(&spelling)[0].message.contains("is a spelling of"), "{:#?}", mistakes(&spelling));
    let unit = changed("codes/loinc.toml", "means = { \"mL\" = \"mL/d\"", "means = { \"mL\" = \"mg/dL\"");
    assert!(mistakes(&unit)[0].message.contains("nothing converts `mg/dL`"), "{:#?}", mistakes(&unit));
    let drug = changed("drugs.toml", "\"anakinra\", \"kineret\"", "\"anakinra\", \"tocilizumab\"");
    assert!(mistakes(&drug)[0].message.contains("belongs to another drug"), "{:#?}", mistakes(&drug));
    let mut missing = Terminology::builtin_files();
    missing.retain(|(path, _)| path != "drugs.toml");
    missing.push(("notes.txt".into(), String::new()));
    let found = mistakes(&missing);
    assert_eq!(
        found.iter().map(|mistake| mistake.file.as_str()).collect::<Vec<_>>(),
        ["drugs.toml", "notes.txt"]
    );
}

#[test]
fn a_site_adds_an_analyte_with_one_row() {
    let row = "[[analyte]]\nname = \"magnesium\"\nunit = \"mg/dL\"\ntitle = { en = \"Magnesium\", ja = \"Mg\" }\n\
               hard = [0.1, 20]\nstale_after = \"30h\"\ndecimals = 1\nsource = \"site\"\n\n";
    let files = changed("analytes.toml", "[[analyte]]\n", &format!("{row}[[analyte]]\n"));
    let set = Terminology::load(&files).expect("a good set");
    let seen = set.observe(&reading("magnesium", "stormwatch", "20", "mg/L"), &patient(), "HIS", NOW);
    let Ok(Meaning::Observation(seen)) = seen else { panic!("{seen:?}") };
    assert_eq!(seen.quantity, Some(Quantity::exactly(Value::whole(2))));
}
