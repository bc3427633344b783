//! Topic templates: which topics are asked for, and what their levels say.

/// `stormwatch/v1/{ward}/{bed}/vitals`, as a site writes it. `+` and `#` are MQTT's own; without `{ward}` and `{bed}`
/// the levels before the last are taken for them, as in `stormwatch/v1/+/+/vitals`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template {
    /// What the broker is asked for.
    pub filter: String,
    /// Levels of the topic itself, without `$share/group`.
    levels: Vec<Level>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Level {
    Word(String),
    Any,
    Rest,
    Ward,
    Bed,
}

impl Template {
    pub fn parse(text: &str) -> Result<Template, &'static str> {
        let topic = match text.strip_prefix("$share/") {
            None => text,
            Some(rest) => match rest.split_once('/') {
                Some((group, topic)) if !group.is_empty() && !group.contains(['+', '#']) => topic,
                _ => return Err("a shared subscription is written $share/GROUP/TOPIC"),
            },
        };
        let levels: Vec<Level> = topic.split('/').map(level).collect::<Result<_, _>>()?;
        if topic.is_empty() {
            return Err("it is empty; write a topic such as stormwatch/v1/{ward}/{bed}/vitals");
        }
        if levels.iter().rev().skip(1).any(|level| *level == Level::Rest) {
            return Err("`#` is the last level or none");
        }
        let twice = |wanted: Level| levels.iter().filter(|level| **level == wanted).count() > 1;
        if twice(Level::Ward) || twice(Level::Bed) {
            return Err("{ward} and {bed} stand there once");
        }
        let filter = text.replace("{ward}", "+").replace("{bed}", "+");
        Ok(Template { filter, levels })
    }

    /// Ward and bed of a topic; `None` where the topic is not one of these, or too short to say.
    pub fn place<'t>(&self, topic: &'t str) -> Option<(&'t str, &'t str)> {
        let parts: Vec<&str> = topic.split('/').collect();
        let (mut ward, mut bed) = (None, None);
        for (n, level) in self.levels.iter().enumerate() {
            match (level, parts.get(n)) {
                (Level::Rest, _) => break,
                (_, None) => return None,
                (Level::Word(word), Some(part)) if word != part => return None,
                (Level::Ward, Some(part)) => ward = Some(*part),
                (Level::Bed, Some(part)) => bed = Some(*part),
                (Level::Word(_) | Level::Any, Some(_)) => {}
            }
        }
        if parts.len() > self.levels.len() && self.levels.last() != Some(&Level::Rest) {
            return None;
        }
        if self.levels.iter().any(|level| matches!(level, Level::Ward | Level::Bed)) {
            return Some((ward.unwrap_or(""), bed.unwrap_or("")));
        }
        let mut before = parts.iter().rev().skip(1);
        let bed = before.next()?;
        Some((before.next()?, bed))
    }
}

fn level(text: &str) -> Result<Level, &'static str> {
    match text {
        "+" => Ok(Level::Any),
        "#" => Ok(Level::Rest),
        "{ward}" => Ok(Level::Ward),
        "{bed}" => Ok(Level::Bed),
        word if word.contains(['+', '#']) => Err("`+` and `#` stand alone between slashes"),
        word if word.contains(['{', '}']) => Err("only {ward} and {bed} are known between braces"),
        word => Ok(Level::Word(word.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place<'t>(template: &str, topic: &'t str) -> Option<(&'t str, &'t str)> {
        Template::parse(template).expect("a good template").place(topic)
    }

    #[test]
    fn the_topic_names_ward_and_bed() {
        assert_eq!(place("stormwatch/v1/+/+/vitals", "stormwatch/v1/6E/01/vitals"), Some(("6E", "01")));
        assert_eq!(
            place("stormwatch/v1/{ward}/{bed}/vitals", "stormwatch/v1/6E/01/vitals"),
            Some(("6E", "01"))
        );
        assert_eq!(place("gw/{bed}/of/{ward}", "gw/07/of/ICU"), Some(("ICU", "07")));
        assert_eq!(place("beds/{bed}/#", "beds/07/a/b"), Some(("", "07")));
        assert_eq!(place("$share/sw/v1/{ward}/{bed}", "v1/6E/01"), Some(("6E", "01")));
        assert_eq!(place("vitals", "vitals"), None);
    }

    #[test]
    fn another_topic_is_not_taken_for_this_one() {
        assert_eq!(place("v1/{ward}/{bed}/vitals", "v1/6E/01/status"), None);
        assert_eq!(place("v1/{ward}/{bed}/vitals", "v1/6E/01"), None);
        assert_eq!(place("v1/{ward}/{bed}", "v1/6E/01/vitals"), None);
    }

    #[test]
    fn the_broker_is_asked_with_wildcards() {
        let template = Template::parse("$share/sw/v1/{ward}/{bed}/vitals").expect("a good template");
        assert_eq!(template.filter, "$share/sw/v1/+/+/vitals");
    }

    #[test]
    fn a_template_that_means_nothing_is_refused() {
        for bad in ["", "$share/x", "a/#/b", "a+/b", "{room}/x", "{bed}/{bed}", "$share/+/a"] {
            assert!(Template::parse(bad).is_err(), "{bad}");
        }
    }
}
