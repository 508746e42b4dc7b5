//! Latencies in buckets about 3 % wide.

use std::time::Duration;

/// Buckets per power of two; a bucket is 1/32 of its value wide.
const FINE: u64 = 32;

/// Counts of durations from 0 to hours, in nanoseconds inside.
#[derive(Debug)]
pub struct Histogram {
    buckets: Vec<u64>,
    total: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { buckets: vec![0; bucket(u64::MAX) + 1], total: 0 }
    }
}

impl Histogram {
    /// Counts `duration` once.
    #[inline]
    pub fn record(&mut self, duration: Duration) {
        self.buckets[bucket(duration.as_nanos() as u64)] += 1;
        self.total += 1;
    }

    /// The duration in µs that this share of all (0 to 1) stays within; `None` when nothing was counted.
    pub fn quantile_us(&self, share: f64) -> Option<f64> {
        if self.total == 0 {
            return None;
        }
        let wanted = ((self.total as f64 * share).ceil() as u64).clamp(1, self.total);
        let mut seen = 0;
        let found = self.buckets.iter().position(|&count| {
            seen += count;
            seen >= wanted
        });
        found.map(|index| lower_bound(index) as f64 / 1000.0)
    }
}

fn bucket(nanos: u64) -> usize {
    if nanos < FINE {
        return nanos as usize;
    }
    let shift = nanos.ilog2() - FINE.ilog2();
    (FINE * u64::from(shift) + (nanos >> shift)) as usize
}

fn lower_bound(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < FINE {
        return bucket;
    }
    let shift = bucket / FINE - 1;
    (bucket - FINE * shift) << shift
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_at_most_a_thirty_second_wide() {
        for nanos in [0, 1, 31, 32, 33, 63, 64, 65, 1_000, 123_456_789, u64::MAX] {
            let low = lower_bound(bucket(nanos));
            assert!(low <= nanos && nanos - low <= nanos / FINE, "{nanos}");
        }
    }

    #[test]
    fn quantiles_come_from_the_right_end() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.quantile_us(0.5), None);
        for micros in 1..=1000 {
            histogram.record(Duration::from_micros(micros));
        }
        let median = histogram.quantile_us(0.5).expect("counted");
        let tail = histogram.quantile_us(0.999).expect("counted");
        assert!((485.0..=500.0).contains(&median), "{median}");
        assert!((968.0..=999.0).contains(&tail), "{tail}");
    }
}
