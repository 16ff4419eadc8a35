//! How likely chance alone makes a number as far from earlier ones.
//!
//! Events that come independently of each other and as often as before fall on the last of `weeks + 1` equal stretches
//! with a probability of `1 / (weeks + 1)` each. So, of all events of these stretches together, the number in the
//! last one is binomial: an exact test of two Poisson counts, which needs no guess of the rate (Przyborowski and
//! Wilenski, 1940). People don't come quite independently, so real data vary more than this: an alert asks more than
//! the test (see [`super::reading`]).

/// The probability that chance alone makes the last stretch as great as `value`, when the `weeks` before had `sum` together.
pub(super) fn at_least(value: u64, sum: u64, weeks: usize) -> f64 {
    let (all, share) = (value + sum, 1.0 / (weeks as f64 + 1.0));
    tail(value, all, share)
}

/// The probability that chance alone makes it as small.
pub(super) fn at_most(value: u64, sum: u64, weeks: usize) -> f64 {
    let (all, share) = (value + sum, 1.0 / (weeks as f64 + 1.0));
    // As few here is as many elsewhere.
    tail(all - value, all, 1.0 - share)
}

/// Terms that are summed at most; what they leave out is smaller than the first by many orders of magnitude.
const TERMS_MAX: u64 = 100_000;

/// The probability of at least `from` of `all` with probability `share` each.
fn tail(from: u64, all: u64, share: f64) -> f64 {
    if from == 0 {
        return 1.0;
    }
    let (n, k) = (all as f64, from as f64);
    if k <= n * share {
        // Below what is expected: never rare.
        return 1.0;
    }
    let first = ln_choose(n, k) + k * share.ln() + (n - k) * (1.0 - share).ln();
    // Each term is the one before times this ratio, which is below 1 and falls.
    let mut term = 1.0;
    let mut sum = 1.0;
    let mut at = k;
    for _ in 0..TERMS_MAX {
        term *= (n - at) / (at + 1.0) * share / (1.0 - share);
        sum += term;
        at += 1.0;
        if term < sum * 1e-15 || at >= n {
            break;
        }
    }
    (first.exp() * sum).min(1.0)
}

fn ln_choose(n: f64, k: f64) -> f64 {
    ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k)
}

/// Stirling's series; exact sums where it isn't good enough.
fn ln_factorial(n: f64) -> f64 {
    const EXACT_MAX: f64 = 32.0;
    if n <= EXACT_MAX {
        return (2..=n as u32).map(|factor| f64::from(factor).ln()).sum();
    }
    let half_ln_two_pi = 0.918_938_533_204_672_7;
    (n + 0.5) * n.ln() - n + half_ln_two_pi + 1.0 / (12.0 * n) - 1.0 / (360.0 * n * n * n)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(got: f64, expect: f64) {
        assert!((got - expect).abs() <= expect * 1e-6, "{got} {expect}");
    }

    #[test]
    fn tails_are_those_of_the_binomial_distribution() {
        // By hand: all of three in the last of five.
        near(at_least(3, 0, 4), 0.2f64.powi(3));
        near(at_most(0, 40, 4), 0.8f64.powi(40));
        // 4 or 5 of 5 at 1/5: 5·0.2⁴·0.8 + 0.2⁵.
        near(at_least(4, 1, 4), 5.0 * 0.2f64.powi(4) * 0.8 + 0.2f64.powi(5));
        // Python, by fractions: sum(comb(80, k) * 4**(80 - k) for k in range(40, 81)) / 5**80.
        near(at_least(40, 40, 4), binomial(40, 80, 0.2));
        near(at_least(1_000, 3_000, 4), binomial(1_000, 4_000, 0.2));
        assert_eq!(at_least(10, 40, 4), 1.0, "as expected");
        assert_eq!(at_most(10, 40, 4), 1.0);
        assert_eq!((at_least(0, 0, 4), at_most(0, 0, 4)), (1.0, 1.0));
    }

    /// Term by term, from logarithms that are summed.
    fn binomial(from: u32, all: u32, share: f64) -> f64 {
        let ln = |n: u32| (2..=n).map(|factor| f64::from(factor).ln()).sum::<f64>();
        let term = |k: u32| {
            ln(all) - ln(k) - ln(all - k) + f64::from(k) * share.ln() + f64::from(all - k) * (1.0 - share).ln()
        };
        (from..=all).map(|k| term(k).exp()).sum()
    }

    #[test]
    fn great_numbers_are_no_trouble() {
        let far = at_least(2_000_000_000, 4_000_000_000, 4);
        assert!((0.0..1e-300).contains(&far), "{far}");
        let near = at_least(1_000_100_000, 4_000_000_000, 4);
        assert!((0.001..0.01).contains(&near), "{near}: 2.8 standard deviations");
    }
}
