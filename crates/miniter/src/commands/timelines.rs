//! `miniter timelines`.

use std::io::Write;

use clap::Subcommand;
use miniter_persistence::DatabaseUrl;

use crate::settings::Settings;

/// What can be done with the home timelines that a database keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub enum TimelinesCommand {
    /// Make them anew from tweets and follows; servers may run meanwhile, and what is interrupted is resumed
    Rebuild,
    /// Compare them with tweets and follows, and print every difference
    Check,
}

/// Does it.
///
/// # Errors
/// If the database cannot be used, and if a check finds differences.
#[cfg_attr(not(feature = "mysql"), expect(unused_variables, reason = "SQLite has nothing to look after"))]
pub fn run(command: TimelinesCommand, settings: &Settings) -> anyhow::Result<()> {
    match &settings.database_url {
        DatabaseUrl::Sqlite(_) => {
            let mut out = std::io::stdout().lock();
            writeln!(out, "on SQLite the server keeps home timelines in memory: there is nothing to do")?;
            Ok(())
        }
        #[cfg(feature = "mysql")]
        DatabaseUrl::Mysql(url) => match command {
            TimelinesCommand::Rebuild => on_tables::rebuild(url),
            TimelinesCommand::Check => on_tables::check(url),
        },
    }
}

#[cfg(feature = "mysql")]
mod on_tables {
    use std::io::Write;

    use anyhow::{Context, bail};
    use indicatif::{ProgressBar, ProgressStyle};
    use miniter_persistence::{DatabaseUrl, MysqlUrl, Store, TimelineDifference, TimelineTables};

    /// A bar on standard error, if that is a terminal.
    fn progress_bar() -> anyhow::Result<ProgressBar> {
        let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} readers, {eta} left")?;
        Ok(ProgressBar::new(0).with_style(style))
    }

    fn show(bar: &ProgressBar, done: u64, total: u64) {
        bar.set_length(total);
        bar.set_position(done);
    }

    pub(super) fn rebuild(url: &MysqlUrl) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        Store::migrate(&DatabaseUrl::Mysql(url.clone()), &mut |line| drop(writeln!(out, "{line}")))?;
        let bar = progress_bar()?;
        let mut readers = 0;
        TimelineTables::open(url)?
            .rebuild(&mut |done, total| {
                readers = total;
                show(&bar, done, total);
            })
            .context("the rebuild was interrupted; the next one goes on where it was")?;
        bar.finish_and_clear();
        writeln!(out, "the home timelines of {readers} readers are made anew")?;
        Ok(())
    }

    pub(super) fn check(url: &MysqlUrl) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        let bar = progress_bar()?;
        let (mut differences, mut readers) = (0_u64, 0);
        let unfilled = TimelineTables::open(url)?
            .check(
                &mut |done, total| {
                    readers = total;
                    show(&bar, done, total);
                },
                &mut |TimelineDifference { reader, tweet, author, is_missing }| {
                    differences += 1;
                    let what = if is_missing { "lacks" } else { "has one too many:" };
                    bar.suspend(|| {
                        // What is found matters more than whether somebody reads on.
                        drop(writeln!(
                            out,
                            "the timeline of user {reader} {what} tweet {tweet} of user {author}"
                        ));
                    });
                },
            )
            .context(
                "the home timelines cannot be compared; bring the schema up to date with miniter migrate",
            )?;
        bar.finish_and_clear();
        if unfilled > 0 {
            writeln!(out, "the timelines of {unfilled} readers have yet to be filled")?;
        }
        if differences > 0 {
            bail!("{differences} differences; miniter timelines rebuild mends them");
        }
        writeln!(out, "no difference in the home timelines of {readers} readers")?;
        Ok(())
    }
}
