//! The figures, for people and for programs.

use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

use crate::data::FOLLOWED;
use crate::load::Figures;

/// One measured load.
#[derive(Serialize)]
pub(crate) struct Measurement {
    pub(crate) name: String,
    #[serde(flatten)]
    pub(crate) figures: Figures,
}

/// All that one run has measured.
#[derive(Serialize)]
pub(crate) struct Report {
    database: &'static str,
    scale: f64,
    /// Durable commits of one row, by one connection, in a second.
    pub(crate) raw_commits: f64,
    /// Of the server, after all of it.
    pub(crate) resident_mib: u64,
    pub(crate) measurements: Vec<Measurement>,
}

impl Report {
    pub(crate) fn new(database_url: &str, scale: f64) -> Self {
        let database = if database_url.starts_with("sqlite:") { "SQLite" } else { "MySQL/MariaDB" };
        Self { database, scale, raw_commits: 0.0, resident_mib: 0, measurements: Vec::new() }
    }

    /// The mean rate of the static page, which was measured before and after all else.
    fn ceiling(&self) -> f64 {
        let rates: Vec<_> = self
            .measurements
            .iter()
            .filter(|m| m.name == "ceiling /page")
            .map(|m| m.figures.rate())
            .collect();
        #[expect(clippy::cast_precision_loss, reason = "two of them")]
        let count = rates.len() as f64;
        rates.iter().sum::<f64>() / count
    }

    /// Writes NAME.md, NAME.json and NAME.svg.
    pub(crate) fn write(&self, name: &Path) -> anyhow::Result<()> {
        if let Some(folder) = name.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(name.with_extension("md"), self.table()?)?;
        std::fs::write(name.with_extension("json"), serde_json::to_string_pretty(self)?)?;
        std::fs::write(name.with_extension("svg"), self.plot()?)?;
        Ok(())
    }

    fn table(&self) -> anyhow::Result<String> {
        let mut text = String::new();
        let Self { database, scale, raw_commits, resident_mib, .. } = self;
        writeln!(text, "# {database}, scale {scale}\n")?;
        writeln!(
            text,
            "32 connections. The ratio is to the 20-tweet page served from memory in the same run.\n"
        )?;
        writeln!(
            text,
            "| what | req/s | p50 ms | p99 ms | errors | ratio |\n|---|---:|---:|---:|---:|---:|"
        )?;
        for Measurement { name, figures } in &self.measurements {
            let (rate, ratio) = (figures.rate(), figures.rate() / self.ceiling());
            let Figures { p50_ms, p99_ms, errors, .. } = figures;
            writeln!(text, "| {name} | {rate:.0} | {p50_ms:.2} | {p99_ms:.2} | {errors} | {ratio:.3} |")?;
        }
        writeln!(text, "\nRaw durable commits of one row, one connection: {raw_commits:.0}/s.")?;
        writeln!(text, "Resident memory of the server after all of it: {resident_mib} MiB.")?;
        Ok(text)
    }

    /// How the first page's rate changes as the number of tweets grows: a line for each number of followed accounts.
    fn plot(&self) -> anyhow::Result<String> {
        const COLOURS: [&str; 4] = ["#0072b2", "#009e73", "#d55e00", "#cc79a7"];
        let ceiling = self.ceiling();
        let mut svg = String::from(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 640 360\" font-family=\"sans-serif\" \
             font-size=\"12\"><rect width=\"640\" height=\"360\" fill=\"white\"/>",
        );
        writeln!(
            svg,
            "<text x=\"60\" y=\"20\">{}: first page of a timeline, ratio to the ceiling</text>",
            self.database
        )?;
        for tenth in 0..=5_u32 {
            let y = 320.0 - f64::from(tenth) * 56.0;
            let label = f64::from(tenth) / 10.0;
            writeln!(
                svg,
                "<path d=\"M60 {y}H600\" stroke=\"#ddd\"/><text x=\"30\" y=\"{}\">{label}</text>",
                y + 4.0
            )?;
        }
        for (line, followed) in FOLLOWED.iter().enumerate() {
            let prefix = format!("timeline, first page, F={followed}, T=");
            let mut points = Vec::new();
            for Measurement { name, figures } in &self.measurements {
                if let Some(tweets) = name.strip_prefix(&prefix).and_then(|tweets| tweets.parse::<f64>().ok())
                {
                    let x = 60.0 + 540.0 * (tweets.log10() - 3.0).max(0.0) / 3.5;
                    let y = 320.0 - (figures.rate() / ceiling).min(0.5) * 560.0;
                    points.push(format!("{x:.1},{y:.1}"));
                }
            }
            let colour = COLOURS[line % COLOURS.len()];
            writeln!(
                svg,
                "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>\
                 <text x=\"520\" y=\"{}\" fill=\"{colour}\">F={followed}</text>",
                points.join(" "),
                40 + line * 16
            )?;
        }
        for (power, label) in [(4.0, "10⁴"), (5.0, "10⁵"), (6.0, "10⁶")] {
            writeln!(
                svg,
                "<text x=\"{:.0}\" y=\"340\">{label} tweets</text>",
                60.0 + 540.0 * (power - 3.0) / 3.5
            )?;
        }
        svg.push_str("</svg>\n");
        Ok(svg)
    }
}
