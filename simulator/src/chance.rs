//! Chance with a seed: the same seed gives the same numbers on every machine.
//!
//! The generator is xoshiro256** seeded by splitmix64, both in the public domain; the few transcendental
//! functions come from `libm`, because the platform's own may differ in the last bit.

/// A seeded stream of random numbers. Streams of one seed do not overlap in practice, so that every patient
/// owns one and the order in which patients are generated does not matter.
#[derive(Clone)]
pub struct Chance {
    state: [u64; 4],
}

impl Chance {
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut mixed = seed ^ stream.wrapping_mul(0xD6E8_FEB8_6659_FD93).rotate_left(29);
        let mut word = || {
            mixed = mixed.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let a = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let b = (a ^ (a >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            b ^ (b >> 31)
        };
        Self { state: [word(), word(), word(), word()] }
    }

    pub fn word(&mut self) -> u64 {
        let [_, s1, _, _] = self.state;
        let answer = s1.wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let carried = s1 << 17;
        self.state[2] ^= self.state[0];
        self.state[3] ^= self.state[1];
        self.state[1] ^= self.state[2];
        self.state[0] ^= self.state[3];
        self.state[2] ^= carried;
        self.state[3] = self.state[3].rotate_left(45);
        answer
    }

    /// Uniform in [0, 1).
    pub fn unit(&mut self) -> f64 {
        (self.word() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform in [low, high).
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// A whole number in [low, high], both included.
    pub fn whole(&mut self, low: i64, high: i64) -> i64 {
        low + (self.unit() * (high - low + 1) as f64) as i64
    }

    pub fn yes(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Normal, by Box and Muller.
    pub fn normal(&mut self, mean: f64, deviation: f64) -> f64 {
        let radius = (-2.0 * libm::log(1.0 - self.unit())).sqrt();
        let turn = libm::cos(std::f64::consts::TAU * self.unit());
        mean + deviation * radius * turn
    }

    /// Normal, drawn again until it lies within [low, high].
    pub fn normal_within(&mut self, mean: f64, deviation: f64, low: f64, high: f64) -> f64 {
        for _ in 0..1000 {
            let value = self.normal(mean, deviation);
            if (low..=high).contains(&value) {
                return value;
            }
        }
        mean.clamp(low, high)
    }

    /// Lognormal by its median and the standard deviation of its logarithm.
    pub fn lognormal(&mut self, median: f64, log_deviation: f64) -> f64 {
        median * libm::exp(self.normal(0.0, log_deviation))
    }

    /// Lognormal, drawn again until it lies within [low, high].
    pub fn lognormal_within(&mut self, median: f64, log_deviation: f64, low: f64, high: f64) -> f64 {
        for _ in 0..1000 {
            let value = self.lognormal(median, log_deviation);
            if (low..=high).contains(&value) {
                return value;
            }
        }
        median.clamp(low, high)
    }

    /// The index of one weight; the weights need not add up to one.
    pub fn weighted(&mut self, weights: &[f64]) -> usize {
        let mut left = self.unit() * weights.iter().sum::<f64>();
        for (index, weight) in weights.iter().enumerate() {
            left -= weight;
            if left < 0.0 {
                return index;
            }
        }
        weights.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers_and_another_stream_gives_others() {
        let numbers = |seed, stream| {
            let mut chance = Chance::new(seed, stream);
            (0..50).map(|_| chance.word()).collect::<Vec<_>>()
        };
        assert_eq!(numbers(1, 0), numbers(1, 0));
        assert_ne!(numbers(1, 0), numbers(1, 1));
        assert_ne!(numbers(1, 0), numbers(2, 0));
    }

    #[test]
    fn normal_draws_have_the_mean_and_spread_that_were_asked_for() {
        let mut chance = Chance::new(3, 0);
        let draws: Vec<f64> = (0..20_000).map(|_| chance.normal(10.0, 2.0)).collect();
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let variance = draws.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / draws.len() as f64;
        assert!((mean - 10.0).abs() < 0.06, "mean {mean}");
        assert!((variance.sqrt() - 2.0).abs() < 0.06, "deviation {}", variance.sqrt());
    }

    #[test]
    fn weights_are_honoured() {
        let mut chance = Chance::new(4, 0);
        let mut seen = [0; 3];
        (0..30_000).for_each(|_| seen[chance.weighted(&[1.0, 0.0, 3.0])] += 1);
        assert_eq!(seen[1], 0);
        assert!((7_100..7_900).contains(&seen[0]), "{seen:?}");
    }
}
