//! One analyte of one patient over time, thinned to what a chart can show without losing a peak.

use serde_json::{Map, Value as Json, json};

use super::{number, time};
use crate::model::{Bound, Status, Time, Value};

/// Points answered where the request names no number.
pub const POINTS: usize = 1000;
/// Most points of one answer; more than a window can hold.
pub const POINTS_MOST: usize = 1_000_000;

/// One point.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    pub at: Time,
    pub value: Value,
    pub bound: Bound,
    pub status: Status,
    /// Index into the series' sources.
    pub source: u16,
}

/// Points in order of time, with the names their `source` numbers mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    pub analyte: String,
    pub unit: String,
    pub points: Vec<Point>,
    pub sources: Vec<(u16, String)>,
}

impl Series {
    pub fn json(&self) -> Json {
        let points = self.points.iter().map(|point| {
            let mut row = Map::new();
            row.insert("at".into(), time(point.at));
            row.insert("value".into(), number(point.value));
            if let Some(sign) = point.bound.sign() {
                row.insert("comparator".into(), sign.into());
            }
            row.insert("status".into(), point.status.name().into());
            let source = self.sources.iter().find(|(number, _)| *number == point.source);
            row.insert("source".into(), source.map_or("", |(_, name)| name.as_str()).into());
            Json::Object(row)
        });
        let points: Vec<Json> = points.collect();
        json!({"analyte": self.analyte, "unit": self.unit, "points": points})
    }
}

/// At most `most` of the points: of each stretch of time the lowest and the highest, so that no peak is lost and no value
/// is invented. All of them where they are few enough; nothing for 0.
pub fn thin(points: Vec<Point>, most: usize) -> Vec<Point> {
    if points.len() <= most {
        return points;
    }
    if most < 4 {
        // Too few for stretches: the newest say the most.
        return points[points.len() - most..].to_vec();
    }
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return points };
    let inner = &points[1..points.len() - 1];
    let stretches = (most - 2) / 2;
    let from = first.at.0;
    let width = (last.at.0 - from).max(1);
    let stretch_of = |point: &Point| {
        let place = i128::from(point.at.0 - from) * stretches as i128 / i128::from(width);
        usize::try_from(place).unwrap_or(0).min(stretches - 1)
    };
    let mut kept = vec![first.clone()];
    for group in inner.chunk_by(|a, b| stretch_of(a) == stretch_of(b)) {
        let lowest = group.iter().enumerate().min_by_key(|(_, p)| p.value).map_or(0, |(place, _)| place);
        let highest = group.iter().enumerate().max_by_key(|(_, p)| p.value).map_or(0, |(place, _)| place);
        kept.push(group[lowest.min(highest)].clone());
        if lowest != highest {
            kept.push(group[lowest.max(highest)].clone());
        }
    }
    kept.push(last.clone());
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn points(values: &[(i64, i64)]) -> Vec<Point> {
        let mut points: Vec<Point> = values
            .iter()
            .map(|(at, value)| Point {
                at: Time(*at),
                value: Value(*value),
                bound: Bound::Exactly,
                status: Status::Final,
                source: 0,
            })
            .collect();
        points.sort_by_key(|point| point.at);
        points
    }

    proptest! {
        #[test]
        fn thinning_keeps_order_ends_and_extremes_and_never_invents(
            values in prop::collection::vec((0i64..1_000_000, -5_000i64..50_000), 5..400), most in 4usize..200,
        ) {
            let all = points(&values);
            let kept = thin(all.clone(), most);
            prop_assert!(kept.len() <= most.max(4).min(all.len()));
            prop_assert!(kept.is_sorted_by_key(|point| point.at));
            prop_assert!(kept.iter().all(|point| all.contains(point)));
            prop_assert_eq!(kept.first(), all.first());
            prop_assert_eq!(kept.last(), all.last());
            prop_assert_eq!(kept.iter().map(|p| p.value).max(), all.iter().map(|p| p.value).max());
            prop_assert_eq!(kept.iter().map(|p| p.value).min(), all.iter().map(|p| p.value).min());
        }
    }

    #[test]
    fn few_points_stay_as_they_are() {
        let all = points(&[(1, 1), (2, 5), (3, 2)]);
        assert_eq!(thin(all.clone(), 3), all);
        assert_eq!(thin(all.clone(), 1), all[2..].to_vec());
        assert_eq!(thin(all, 0), vec![]);
    }

    #[test]
    fn a_series_says_what_a_point_is() {
        let series = Series {
            analyte: "phosphate".into(),
            unit: "mg/dL".into(),
            points: vec![Point {
                at: Time(0),
                value: Value(500),
                bound: Bound::Below,
                status: Status::Corrected,
                source: 3,
            }],
            sources: vec![(3, "LIS|KUH".into())],
        };
        let expected = json!({"analyte": "phosphate", "unit": "mg/dL", "points": [
            {"at": "1970-01-01T00:00:00Z", "value": 0.5, "comparator": "<", "status": "corrected", "source": "LIS|KUH"}]});
        assert_eq!(series.json(), expected);
    }
}
