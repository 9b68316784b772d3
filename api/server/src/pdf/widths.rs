//! How wide the columns of a table become. Numbers in, numbers out; nothing is drawn or measured.

/// What a column asks for, in points.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish {
    /// Narrower than this would break its words or figures.
    pub(super) least: f32,
    /// Wide enough for every text on one line.
    pub(super) most: f32,
    /// Share of the width; 0 takes `most`.
    pub(super) weight: u32,
}

/// Shares `available` out by weight, but gives no column less than it needs while others have more.
pub(super) fn share_out(wishes: &[Wish], available: f32) -> Vec<f32> {
    const LARGEST_PART: f32 = 0.45;
    let least = |w: &Wish| {
        let need = if w.weight == 0 { w.most } else { w.least };
        need.min(available * LARGEST_PART)
    };
    let mut fixed: Vec<Option<f32>> = wishes.iter().map(|w| (w.weight == 0).then(|| least(w))).collect();
    loop {
        let taken: f32 = fixed.iter().flatten().sum();
        let open = wishes.iter().zip(&fixed).filter(|(_, f)| f.is_none());
        let weights: f32 = open.map(|(w, _)| portion(w.weight)).sum();
        let share = |w: &Wish| (available - taken) * portion(w.weight) / weights;
        let short = wishes.iter().zip(&fixed).position(|(w, f)| f.is_none() && share(w) < least(w));
        let Some(short) = short else {
            let widths = wishes.iter().zip(&fixed).map(|(w, f)| f.unwrap_or_else(|| share(w)));
            return fill(widths.collect(), available);
        };
        if let (Some(slot), Some(wish)) = (fixed.get_mut(short), wishes.get(short)) {
            *slot = Some(least(wish));
        }
    }
}

/// Scales to exactly the available width.
fn fill(widths: Vec<f32>, available: f32) -> Vec<f32> {
    let total: f32 = widths.iter().sum();
    if total <= 0.0 {
        return widths;
    }
    widths.into_iter().map(|w| w * available / total).collect()
}

fn portion(weight: u32) -> f32 {
    u16::try_from(weight).map_or(f32::from(u16::MAX), f32::from)
}
