//! A chart of stacked bars, as SVG that the page carries: no script is needed to draw it, and its numbers stand in a table
//! beneath. Where scripts run, `assets/charts.js` draws it anew from the same numbers, so that it answers to a pointer.

use std::cmp::max;

use serde_json::json;

/// The drawing's size in its own units; on the page it is as wide as there is room.
const WIDTH: i64 = 900;
const HEIGHT: i64 = 220;
/// Room for the axis' numbers and for the labels below.
const LEFT: i64 = 50;
const BELOW: i64 = 26;
const ABOVE: i64 = 10;
/// About so many labels fit side by side.
const LABELS_MAX: usize = 10;

/// What is counted in one colour.
pub(super) struct Series {
    /// Its class in the style sheet.
    pub(super) class: &'static str,
    /// Over its colour: `dots`, `lines`, `hatch`, or nothing.
    pub(super) strokes: &'static str,
    pub(super) label: String,
    /// One a bar.
    pub(super) counts: Vec<i64>,
}

/// The drawing.
pub(super) struct Chart {
    pub(super) width: i64,
    pub(super) height: i64,
    pub(super) legend: Vec<Sign>,
    pub(super) bars: Vec<Bar>,
    pub(super) labels: Vec<Label>,
    pub(super) lines: Vec<Line>,
    /// The left end of the lines.
    pub(super) left: i64,
    pub(super) is_empty: bool,
    /// The numbers, as the script reads them: JSON.
    pub(super) numbers: String,
}

/// By what a series is known.
pub(super) struct Sign {
    pub(super) class: &'static str,
    pub(super) strokes: &'static str,
    pub(super) label: String,
}

/// A piece of a bar.
pub(super) struct Bar {
    pub(super) class: &'static str,
    pub(super) strokes: &'static str,
    pub(super) x: i64,
    pub(super) y: i64,
    pub(super) width: i64,
    pub(super) height: i64,
    /// What it says under a pointer.
    pub(super) title: String,
}

/// A bar's name.
pub(super) struct Label {
    pub(super) x: i64,
    pub(super) y: i64,
    pub(super) text: String,
}

/// A line across, with its number.
pub(super) struct Line {
    pub(super) y: i64,
    pub(super) text: String,
}

impl Chart {
    /// Bars of these names, each of the series' counts one above the other.
    pub(super) fn stacked(names: &[String], series: &[Series]) -> Self {
        let total = |index: usize| series.iter().filter_map(|one| one.counts.get(index)).sum::<i64>();
        let most = (0..names.len()).map(total).max().unwrap_or_default();
        let top = round_up(max(most, 1));
        let room = HEIGHT - BELOW - ABOVE;
        let step = (WIDTH - LEFT) / max(i64::try_from(names.len()).unwrap_or(1), 1);
        let left_of = |index: usize| LEFT + step * i64::try_from(index).unwrap_or_default();
        let mut bars = Vec::new();
        for (index, name) in names.iter().enumerate() {
            let (mut below, mut bottom) = (0, 0);
            for one in series {
                let count = one.counts.get(index).copied().unwrap_or_default();
                if count <= 0 {
                    continue;
                }
                // From the running sum, so that rounding leaves no gaps; the smallest count is still seen.
                below += count;
                let end = max(below * room / top, bottom + 1);
                bars.push(Bar {
                    class: one.class,
                    strokes: one.strokes,
                    x: left_of(index) + step / 8,
                    y: HEIGHT - BELOW - end,
                    width: max(step - step / 4, 1),
                    height: end - bottom,
                    title: format!("{name} {}: {count}", one.label),
                });
                bottom = end;
            }
        }
        let every = names.len().div_ceil(LABELS_MAX).max(1);
        // Counted from the end, so that the last bar, today's, has its name.
        let is_named = |index: usize| (names.len() - 1 - index).is_multiple_of(every);
        let labels = names.iter().enumerate().filter(|(index, _)| is_named(*index));
        let labels =
            labels.map(|(index, text)| Label { x: left_of(index) + step / 2, y: HEIGHT - 8, text: text.clone() });
        let parts = if top >= 4 { 4 } else { top };
        let line = |part: i64| Line { y: HEIGHT - BELOW - part * room / parts, text: (part * top / parts).to_string() };
        Self {
            width: WIDTH,
            height: HEIGHT,
            legend: series.iter().map(Series::sign).collect(),
            labels: labels.collect(),
            lines: (0..=parts).map(line).collect(),
            left: LEFT,
            is_empty: most == 0,
            numbers: json!({ "names": names, "series": series.iter().map(Series::numbers).collect::<Vec<_>>() })
                .to_string(),
            bars,
        }
    }
}

impl Series {
    fn sign(&self) -> Sign {
        Sign { class: self.class, strokes: self.strokes, label: self.label.clone() }
    }

    fn numbers(&self) -> serde_json::Value {
        json!({ "class": self.class, "strokes": self.strokes, "label": self.label, "counts": self.counts })
    }
}

/// The next number that divides into four round parts: 4, 8, 12, 20, 40, 80, 120, 200 and so on.
fn round_up(count: i64) -> i64 {
    if count <= 4 {
        return count;
    }
    let mut ten = 1;
    loop {
        for first in [4, 8, 12, 20] {
            if count <= first * ten {
                return first * ten;
            }
        }
        ten *= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(counts: &[(i64, i64)]) -> Chart {
        let names: Vec<_> = (0..counts.len()).map(|index| index.to_string()).collect();
        let of = |class: &'static str, counts| Series { class, strokes: "", label: class.to_owned(), counts };
        let (a, b) = (counts.iter().map(|it| it.0).collect(), counts.iter().map(|it| it.1).collect());
        Chart::stacked(&names, &[of("a", a), of("b", b)])
    }

    #[test]
    fn pieces_stand_on_one_another_and_stay_inside() {
        let chart = chart(&[(3, 5), (0, 0), (200, 1), (7, 0)]);
        assert_eq!(chart.bars.len(), 5);
        for bar in &chart.bars {
            assert!(bar.y >= 0 && bar.y + bar.height <= HEIGHT - BELOW, "{} {}", bar.y, bar.height);
            assert!(bar.x >= LEFT && bar.x + bar.width <= WIDTH);
        }
        let (lower, upper) = (&chart.bars[2], &chart.bars[3]);
        assert_eq!(upper.y + upper.height, lower.y);
    }

    #[test]
    fn nothing_at_all_is_a_chart_without_bars() {
        for counts in [&[][..], &[(0, 0), (0, 0)]] {
            let chart = chart(counts);
            assert!(chart.is_empty && chart.bars.is_empty());
        }
        assert!(!chart(&[(1, 0)]).is_empty);
    }

    #[test]
    fn the_last_bar_is_named_and_few_are() {
        let chart = chart(&[(1, 1); 30]);
        assert!(chart.labels.len() <= LABELS_MAX);
        assert_eq!(chart.labels.last().unwrap().text, "29");
    }

    #[test]
    fn the_top_divides_into_round_parts() {
        for (count, top) in
            [(1, 1), (4, 4), (5, 8), (9, 12), (13, 20), (21, 40), (100, 120), (121, 200), (1_000_000, 1_200_000)]
        {
            assert_eq!(round_up(count), top);
        }
    }
}
