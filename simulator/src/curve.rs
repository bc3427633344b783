//! A course over time, drawn by a few knots: straight between them, level before the first and after the
//! last.

/// Knots in ascending order of hours since the infusion.
#[derive(Clone, Debug)]
pub struct Curve {
    knots: Vec<(f64, f64)>,
    scale: Scale,
}

#[derive(Clone, Copy, Debug)]
enum Scale {
    Straight,
    /// Straight on a logarithmic scale: doublings and half-lives.
    Doubling,
}

impl Curve {
    pub fn straight(knots: Vec<(f64, f64)>) -> Self {
        Self { knots: ascending(knots), scale: Scale::Straight }
    }

    /// Every value must be positive.
    pub fn doubling(knots: Vec<(f64, f64)>) -> Self {
        let knots = ascending(knots).into_iter().map(|(at, value)| (at, libm::log(value))).collect();
        Self { knots, scale: Scale::Doubling }
    }

    pub fn level(value: f64) -> Self {
        Self { knots: vec![(0.0, value)], scale: Scale::Straight }
    }

    pub fn at(&self, hour: f64) -> f64 {
        let after = self.knots.partition_point(|(at, _)| *at <= hour);
        let raw = if after == 0 {
            self.knots[0].1
        } else if after == self.knots.len() {
            self.knots[after - 1].1
        } else {
            let ((t0, v0), (t1, v1)) = (self.knots[after - 1], self.knots[after]);
            v0 + (v1 - v0) * (hour - t0) / (t1 - t0)
        };
        match self.scale {
            Scale::Straight => raw,
            Scale::Doubling => libm::exp(raw),
        }
    }
}

/// A knot that was meant to come later than the next one gives way, so that courses which follow one another
/// closely shorten each other instead of running backwards.
fn ascending(knots: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    let mut kept: Vec<(f64, f64)> = Vec::with_capacity(knots.len());
    for (at, value) in knots {
        while kept.last().is_some_and(|(earlier, _)| *earlier >= at) {
            kept.pop();
        }
        kept.push((at, value));
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_is_level_outside_its_knots_and_straight_between_them() {
        let curve = Curve::straight(vec![(0.0, 10.0), (10.0, 20.0)]);
        assert_eq!(curve.at(-5.0), 10.0);
        assert_eq!(curve.at(5.0), 15.0);
        assert_eq!(curve.at(99.0), 20.0);
    }

    #[test]
    fn a_doubling_curve_doubles_in_equal_times() {
        let curve = Curve::doubling(vec![(0.0, 1.0), (24.0, 4.0)]);
        assert!((curve.at(12.0) - 2.0).abs() < 1e-12);
    }

    #[test]
    fn a_later_knot_cuts_off_what_was_planned_beyond_it() {
        let curve = Curve::straight(vec![(0.0, 1.0), (8.0, 2.0), (6.0, 3.0)]);
        assert_eq!(curve.at(6.0), 3.0);
        assert_eq!(curve.at(8.0), 3.0);
    }
}
