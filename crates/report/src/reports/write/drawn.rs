//! Bars and small curves, made of letters.

/// Eighths of a letter's width, from none to all of it.
const EIGHTHS: [char; 9] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];
/// Eighths of a letter's height.
const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A bar as long as `value` is of `greatest`, at most so many letters.
pub(super) fn bar(value: f64, greatest: f64, letters_max: usize) -> String {
    if !(value > 0.0 && greatest > 0.0) {
        return String::new();
    }
    // What isn't nothing is seen.
    let eighths = ((value / greatest).min(1.0) * (letters_max * 8) as f64).round().max(1.0) as usize;
    let mut bar: String = std::iter::repeat_n('█', eighths / 8).collect();
    if !eighths.is_multiple_of(8) {
        bar.push(EIGHTHS[eighths % 8]);
    }
    bar
}

/// A letter for each value, as high as it is of the greatest; a blank where there is none. Of more
/// values than letters several share one, which is as high as the greatest of them.
pub(super) fn curve(values: &[Option<f64>], letters_max: usize) -> String {
    let greatest = values.iter().flatten().copied().fold(0.0, f64::max);
    let each = values.len().div_ceil(letters_max.max(1)).max(1);
    let letter = |values: &[Option<f64>]| match values.iter().flatten().copied().reduce(f64::max) {
        None => ' ',
        Some(value) if value > 0.0 => HEIGHTS[((value / greatest * 7.0).round() as usize).min(7)],
        Some(_) => HEIGHTS[0],
    };
    values.chunks(each).map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_long_as_their_values() {
        let check = |value: f64, expect: &str| assert_eq!(bar(value, 8.0, 2), expect, "{value}");
        check(0.0, "");
        check(8.0, "██");
        check(4.0, "█");
        check(4.5, "█▏");
        check(0.001, "▏");
        check(9.0, "██");
        check(f64::NAN, "");
        assert_eq!(bar(1.0, 0.0, 2), "");
    }

    #[test]
    fn curves_are_as_high_as_their_values() {
        let check = |values: &[Option<f64>], expect: &str| assert_eq!(curve(values, 4), expect, "{values:?}");
        check(&[], "");
        check(&[Some(0.0), Some(7.0), Some(3.5), None], "▁█▅ ");
        check(&[Some(0.0), Some(0.0)], "▁▁");
        check(&[Some(1.0), Some(7.0), None, None, Some(2.0)], "█ ▃");
    }
}
