//! How the rate of first pages changes as the number of tweets grows: a line for each number of followed accounts.

use std::fmt::Write as _;

use crate::data::FOLLOWED;
use crate::report::Report;

/// The part of the picture that the curves are in.
const LEFT: f64 = 60.0;
const RIGHT: f64 = 520.0;
const TOP: f64 = 50.0;
const BOTTOM: f64 = 300.0;

const COLOURS: [&str; 4] = ["#0072b2", "#009e73", "#d55e00", "#cc79a7"];

/// As SVG.
pub(crate) fn draw(report: &Report) -> anyhow::Result<String> {
    let tweets = report.tweets();
    let ratios: Vec<Vec<f64>> = FOLLOWED
        .iter()
        .map(|followed| tweets.iter().map(|tweets| report.first_page_ratio(*followed, *tweets)).collect())
        .collect();
    let greatest = ratios.iter().flatten().fold(0.1_f64, |greatest, ratio| greatest.max(*ratio));
    // The axis ends at the next tenth.
    let tenths = (greatest * 10.0).ceil().clamp(1.0, 20.0);
    let y = |ratio: f64| BOTTOM - (BOTTOM - TOP) * ratio * 10.0 / tenths;
    #[expect(clippy::cast_precision_loss, reason = "a place in a picture")]
    let logarithms: Vec<f64> = tweets.iter().map(|tweets| (*tweets as f64).log10()).collect();
    let (first, last) =
        (logarithms.first().copied().unwrap_or(0.0), logarithms.last().copied().unwrap_or(1.0));
    let x = |logarithm: f64| LEFT + (RIGHT - LEFT) * (logarithm - first) / (last - first).max(0.1);

    let mut svg = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 640 350\" font-family=\"sans-serif\" \
         font-size=\"12\"><rect width=\"640\" height=\"350\" fill=\"white\"/>\n",
    );
    writeln!(
        svg,
        "<text x=\"{LEFT}\" y=\"24\" font-size=\"14\">{}: first pages a second, to a page from memory</text>",
        report.database()
    )?;
    let mut tenth = 0.0;
    while tenth <= tenths {
        let (at, label) = (y(tenth / 10.0), tenth / 10.0);
        writeln!(
            svg,
            "<path d=\"M{LEFT} {at:.1}H{RIGHT}\" stroke=\"#ddd\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{label:.1}</text>",
            LEFT - 8.0,
            at + 4.0
        )?;
        tenth += 1.0;
    }
    for (tweets, logarithm) in tweets.iter().zip(&logarithms) {
        let at = x(*logarithm);
        writeln!(
            svg,
            "<path d=\"M{at:.1} {BOTTOM}v5\" stroke=\"#888\"/>\
             <text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{tweets}</text>",
            BOTTOM + 20.0
        )?;
    }
    writeln!(
        svg,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">tweets in the database</text>",
        f64::midpoint(LEFT, RIGHT),
        BOTTOM + 40.0
    )?;
    let mut legend = TOP + 10.0;
    for ((followed, ratios), colour) in FOLLOWED.iter().zip(&ratios).zip(COLOURS) {
        let points: Vec<String> = logarithms
            .iter()
            .zip(ratios)
            .map(|(logarithm, ratio)| format!("{:.1},{:.1}", x(*logarithm), y(*ratio)))
            .collect();
        writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>\
             <path d=\"M{} {legend}h20\" stroke=\"{colour}\" stroke-width=\"2\"/>\
             <text x=\"{}\" y=\"{}\">F={followed}</text>",
            points.join(" "),
            RIGHT + 20.0,
            RIGHT + 46.0,
            legend + 4.0
        )?;
        legend += 20.0;
    }
    svg.push_str("</svg>\n");
    Ok(svg)
}
