//! The colours of the style sheet can be seen, and told from each other by those who see no red, no green
//! or no blue: WCAG 2.2 for contrast; Machado, Oliveira, Fernandes 2009 for what they see.

use std::collections::HashMap;

use dashboard::STYLE;

/// Of a text and what it lies on.
const TEXT_CONTRAST_MIN: f64 = 4.5;
/// Of a mark in a chart and what it lies on.
const MARK_CONTRAST_MIN: f64 = 3.0;
/// How far apart the colours of a chart are, in CIE Lab.
const DISTANCE_MIN: f64 = 20.0;

type Colour = [f64; 3];

/// What is seen: as it is, without red, without green, without blue.
const SEEN: [[Colour; 3]; 4] = [
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
    [[0.152_286, 1.052_583, -0.204_868], [0.114_503, 0.786_281, 0.099_216], [-0.003_882, -0.048_116, 1.051_998]],
    [[0.367_322, 0.860_646, -0.227_968], [0.280_085, 0.672_501, 0.047_413], [-0.011_820, 0.042_940, 0.968_881]],
    [[1.255_528, -0.076_749, -0.178_779], [-0.078_411, 0.930_809, 0.147_602], [0.004_733, 0.691_367, 0.303_900]],
];

/// The custom properties of the light theme, then those of the dark one.
fn themes() -> [HashMap<&'static str, Colour>; 2] {
    let mut roots = STYLE.text().split(":root {").skip(1).map(|rest| rest.split('}').next().unwrap());
    [roots.next().unwrap(), roots.next().unwrap()].map(|root| {
        let property = |line: &'static str| {
            let (name, value) = line.trim().strip_prefix("--")?.split_once(':')?;
            let hex = value.trim().strip_prefix('#')?.trim_end_matches(';');
            let channel = |at: usize| f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
            let linear =
                |value: f64| if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) };
            Some((name, [channel(0), channel(2), channel(4)].map(linear)))
        };
        root.lines().filter_map(property).collect()
    })
}

fn contrast(one: Colour, other: Colour) -> f64 {
    let light = |colour: Colour| 0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2];
    let (one, other) = (light(one), light(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

fn seen(colour: Colour, by: &[Colour; 3]) -> Colour {
    let rgb =
        by.map(|row| std::iter::zip(row, colour).map(|(factor, value)| factor * value).sum::<f64>().clamp(0.0, 1.0));
    let of = |row: Colour, white: f64| {
        let value = std::iter::zip(row, rgb).map(|(factor, value)| factor * value).sum::<f64>() / white;
        if value > 0.008_856 { value.cbrt() } else { 7.787 * value + 16.0 / 116.0 }
    };
    let (x, y, z) = (
        of([0.4124, 0.3576, 0.1805], 0.950_47),
        of([0.2126, 0.7152, 0.0722], 1.0),
        of([0.0193, 0.1192, 0.9505], 1.088_83),
    );
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

#[test]
fn everything_can_be_seen_in_both_themes() {
    for (theme, colours) in ["light", "dark"].into_iter().zip(themes()) {
        let check = |front: &str, back: &str, least: f64| {
            let got = contrast(colours[front], colours[back]);
            assert!(got >= least, "{theme}: {front} on {back} is {got:.2}");
        };
        for back in ["bg", "card"] {
            for text in ["ink", "soft", "accent"] {
                check(text, back, TEXT_CONTRAST_MIN);
            }
        }
        check("accent", "tint", TEXT_CONTRAST_MIN);
        check("card", "accent", TEXT_CONTRAST_MIN);
        for mark in ["c1", "c2", "c3", "c4", "c5", "before", "rest", "h5"] {
            check(mark, "card", MARK_CONTRAST_MIN);
        }
    }
}

#[test]
fn channels_are_told_apart_by_everybody() {
    const MARKS: [&str; 5] = ["c1", "c2", "c3", "c4", "c5"];
    for (theme, colours) in ["light", "dark"].into_iter().zip(themes()) {
        for by in &SEEN {
            for (place, one) in MARKS.iter().enumerate() {
                for other in &MARKS[..place] {
                    let apart = std::iter::zip(seen(colours[one], by), seen(colours[other], by));
                    let distance = apart.map(|(one, other)| (one - other).powi(2)).sum::<f64>().sqrt();
                    assert!(distance >= DISTANCE_MIN, "{theme}: {one} and {other} are {distance:.1} apart");
                }
            }
        }
    }
}

/// More is darker on light ground and lighter on dark, step by step.
#[test]
fn shades_are_in_order() {
    for (theme, colours) in ["light", "dark"].into_iter().zip(themes()) {
        let against: Vec<f64> = ["h0", "h1", "h2", "h3", "h4", "h5"]
            .iter()
            .map(|shade| contrast(colours[shade], colours["card"]))
            .collect();
        assert!(against.windows(2).all(|pair| pair[0] * 1.1 < pair[1]), "{theme}: {against:?}");
    }
}
