//! Sharing an amount so that the shares add up again.
//!
//! Used for spreading a tax over its lines. It knows no currency: whole numbers in, whole numbers
//! out.

/// Splits `total` in proportion to `weights`; the shares always sum to `total`.
///
/// Each share is rounded towards zero and the missing units go to the largest remainders, the
/// earlier share first among equals. Splitting `-total` gives the same shares with the sign
/// turned, so a reversal undoes a split exactly. Every share lies between zero and `total`.
///
/// A weight below zero counts as zero, unless no weight is above zero: then their magnitudes are
/// used, and if all are zero the shares are as equal as can be. No weights give no shares.
#[must_use]
pub fn split_largest_remainder(total: i64, weights: &[i64]) -> Vec<i64> {
    let weights = usable(weights);
    let whole: u128 = weights.iter().sum();
    let size = u128::from(total.unsigned_abs());
    let mut shares = Vec::with_capacity(weights.len());
    let mut remainders = Vec::with_capacity(weights.len());
    let mut missing = size;
    for (place, weight) in weights.iter().enumerate() {
        // Both factors are below 2^64, so the product fits.
        let product = size * weight;
        let share = product / whole;
        missing -= share;
        shares.push(share);
        remainders.push((product % whole, place));
    }
    remainders.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    for (_, place) in remainders {
        if missing == 0 {
            break;
        }
        if let Some(share) = shares.get_mut(place) {
            *share += 1;
            missing -= 1;
        }
    }
    shares.into_iter().map(|share| with_sign(share, total < 0)).collect()
}

/// The weights as magnitudes whose sum is above zero (unless there are none).
fn usable(weights: &[i64]) -> Vec<u128> {
    let magnitude = |weight: &i64| u128::from(weight.unsigned_abs());
    if weights.iter().any(|weight| *weight > 0) {
        return weights.iter().map(|weight| if *weight > 0 { magnitude(weight) } else { 0 }).collect();
    }
    if weights.iter().any(|weight| *weight < 0) {
        return weights.iter().map(magnitude).collect();
    }
    vec![1; weights.len()]
}

/// A share never exceeds the total's magnitude, so the way back into `i64` cannot overflow.
fn with_sign(share: u128, negative: bool) -> i64 {
    let share = i128::try_from(share).unwrap_or(i128::MAX);
    let signed = if negative { -share } else { share };
    i64::try_from(signed).unwrap_or(if negative { i64::MIN } else { i64::MAX })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn table() {
        let table: [(i64, &[i64], &[i64]); 13] = [
            (100, &[1, 1, 1], &[34, 33, 33]),
            (-100, &[1, 1, 1], &[-34, -33, -33]),
            (1000, &[6000, 4000], &[600, 400]),
            (100, &[333, 333, 334], &[33, 33, 34]),
            (0, &[5, 0, 7], &[0, 0, 0]),
            (5, &[0, 0, 0], &[2, 2, 1]),
            (5, &[0, 3, 0], &[0, 5, 0]),
            (10, &[-1, 1, 3], &[0, 3, 7]),
            (10, &[-1, -3], &[3, 7]),
            (7, &[], &[]),
            (1, &[1, 2, 1], &[0, 1, 0]),
            (i64::MAX, &[i64::MAX, 0], &[i64::MAX, 0]),
            (i64::MIN, &[0, i64::MIN], &[0, i64::MIN]),
        ];
        for (total, weights, shares) in table {
            assert_eq!(split_largest_remainder(total, weights), shares, "{total} {weights:?}");
        }
    }

    proptest! {
        #[test]
        fn shares_sum_and_stay_close(total: i64, weights in prop::collection::vec(any::<i64>(), 1..40)) {
            let shares = split_largest_remainder(total, &weights);
            prop_assert_eq!(shares.len(), weights.len());
            prop_assert_eq!(shares.iter().map(|share| i128::from(*share)).sum::<i128>(), i128::from(total));
            prop_assert!(shares.iter().all(|share| *share == 0 || (*share < 0) == (total < 0)));
        }

        #[test]
        fn each_share_is_within_one_of_the_exact_one(total in 0_i64..1_000_000_000, weights in prop::collection::vec(0_i64..1_000_000, 1..40)) {
            let whole: i64 = weights.iter().sum();
            prop_assume!(whole > 0);
            for (share, weight) in split_largest_remainder(total, &weights).iter().zip(&weights) {
                let difference = i128::from(*share) * i128::from(whole) - i128::from(total) * i128::from(*weight);
                prop_assert!(difference.abs() < i128::from(whole));
            }
        }

        #[test]
        fn a_reversal_undoes_a_split(total in 0..i64::MAX, weights in prop::collection::vec(any::<i64>(), 0..20)) {
            let there = split_largest_remainder(total, &weights);
            let back: Vec<i64> = split_largest_remainder(-total, &weights).iter().map(|share| -share).collect();
            prop_assert_eq!(there, back);
        }
    }
}
