//! The log's way to standard error.
//!
//! The reader of standard error may stop reading: a pipe whose reader hangs, a terminal on hold. A write then waits for
//! ever, and no request and no stop may wait with it. So a line goes into a bounded buffer, and a thread of its own writes
//! what is in the buffer. A line that finds the buffer full is dropped and counted, and the count becomes a line of the log
//! as soon as lines are written again.

use std::borrow::Cow;
use std::io::{self, ErrorKind, Write};
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// How many bytes may wait. The thread may have as many again in hand.
const CAPACITY: usize = 1 << 20;

/// A pipe takes so many bytes whole (`PIPE_BUF` on Linux). So lines stay whole where several processes share a pipe.
const MAX_WRITE: usize = 4_096;

/// The longest line, in bytes.
const MAX_LINE: usize = MAX_WRITE;

/// The thread rests so long after each batch. Busy requests then share a wake-up and a write.
const REST: Duration = Duration::from_millis(10);

/// How long the end of the process may wait for the last lines.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

/// The log. Dropping it waits until the lines are written, for a second at most.
pub struct LogWriter(LogSink);

/// Where the logger puts its lines.
#[derive(Clone)]
pub struct LogSink(Arc<Buffer>);

struct Buffer {
    lines: Mutex<Lines>,
    /// There is something for the thread to do.
    filled: Condvar,
    /// The thread has written what it had in hand.
    written: Condvar,
}

#[derive(Default)]
struct Lines {
    bytes: Vec<u8>,
    /// How many lines found no room since the thread last took what was there.
    dropped: u64,
    /// The thread waits for a line.
    is_idle: bool,
    /// The thread has lines in hand.
    is_writing: bool,
    /// The process ends: the thread rests no more.
    is_ending: bool,
}

impl LogWriter {
    /// Starts a thread that writes to `out`. `report` is called on it with the number of lines that were lost, once lines are
    /// written again; it may log.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn start(out: impl Write + Send + 'static, report: fn(u64)) -> io::Result<Self> {
        let buffer = Buffer { lines: Mutex::default(), filled: Condvar::new(), written: Condvar::new() };
        let sink = LogSink(Arc::new(buffer));
        let LogSink(buffer) = sink.clone();
        thread::Builder::new().name("log".to_owned()).spawn(move || buffer.write_to(out, report))?;
        Ok(Self(sink))
    }

    /// Where a logger puts its lines.
    #[must_use]
    pub fn sink(&self) -> LogSink {
        self.0.clone()
    }

    /// Writes text for a person, which may be long, after all lines that came before.
    pub fn say(&self, text: &str) {
        self.0.0.push(text.as_bytes());
    }
}

impl Drop for LogWriter {
    fn drop(&mut self) {
        self.0.0.finish();
    }
}

impl Write for LogSink {
    /// Takes one line, and never waits for it to be written.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.push(&bounded(line));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Buffer {
    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, text: &[u8]) {
        let mut lines = self.lock();
        // After the first that is dropped all are, so that there is one gap and not many.
        if lines.dropped > 0 || lines.bytes.len() + text.len() > CAPACITY {
            lines.dropped += 1;
            return;
        }
        lines.bytes.extend_from_slice(text);
        let is_idle = mem::take(&mut lines.is_idle);
        drop(lines);
        if is_idle {
            self.filled.notify_one();
        }
    }

    /// What the thread does.
    fn write_to(&self, mut out: impl Write, report: fn(u64)) {
        let mut batch = Vec::new();
        let (mut lost, mut is_failing) = (0, false);
        loop {
            lost += self.take(&mut batch);
            // Now the buffer has room for the report. While nothing can be written, a report would be lost and be counted,
            // without end.
            if lost > 0 && !is_failing {
                report(mem::take(&mut lost));
            }
            let failed = write_lines(&mut out, &batch);
            (lost, is_failing) = (lost + failed, failed > 0);
            batch.clear();
            self.rest();
        }
    }

    /// Waits for lines and takes them. Returns how many were dropped after them.
    fn take(&self, batch: &mut Vec<u8>) -> u64 {
        let mut lines = self.lock();
        while lines.bytes.is_empty() {
            lines.is_idle = true;
            lines = self.filled.wait(lines).unwrap_or_else(PoisonError::into_inner);
        }
        mem::swap(&mut lines.bytes, batch);
        lines.is_writing = true;
        mem::take(&mut lines.dropped)
    }

    /// Says that what was taken is written, and lets more lines come.
    fn rest(&self) {
        let mut lines = self.lock();
        lines.is_writing = false;
        self.written.notify_all();
        if !lines.is_ending {
            drop(self.filled.wait_timeout(lines, REST));
        }
    }

    /// Waits until everything is written, for a second at most.
    fn finish(&self) {
        let mut lines = self.lock();
        lines.is_ending = true;
        self.filled.notify_one();
        let is_unwritten = |lines: &mut Lines| lines.is_writing || !lines.bytes.is_empty();
        drop(self.written.wait_timeout_while(lines, FLUSH_TIMEOUT, is_unwritten));
    }
}

/// A line, or the start of a longer one and its length.
fn bounded(line: &[u8]) -> Cow<'_, [u8]> {
    if line.len() <= MAX_LINE {
        return line.into();
    }
    let end = format!("… ({} bytes)\n", line.len());
    let start = String::from_utf8_lossy(&line[..MAX_LINE - end.len()]);
    // The cut may have gone through a character.
    let start = start.trim_end_matches(char::REPLACEMENT_CHARACTER);
    [start, &end].concat().into_bytes().into()
}

/// Writes lines, as many at once as a pipe takes whole. Returns how many were lost.
fn write_lines(out: &mut impl Write, mut lines: &[u8]) -> u64 {
    let mut lost = 0;
    while !lines.is_empty() {
        let (now, later) = lines.split_at(whole_lines(lines));
        if write_all(out, now).is_err() {
            lost += now.iter().map(|byte| u64::from(*byte == b'\n')).sum::<u64>();
        }
        lines = later;
    }
    lost
}

/// Where the last line ends that still fits into one write.
fn whole_lines(lines: &[u8]) -> usize {
    if lines.len() <= MAX_WRITE {
        return lines.len();
    }
    lines[..MAX_WRITE].iter().rposition(|byte| *byte == b'\n').map_or(MAX_WRITE, |newline| newline + 1)
}

/// Like [`Write::write_all`], also where another program has made standard error non-blocking.
fn write_all(out: &mut impl Write, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match out.write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(length) => bytes = &bytes[length..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(REST),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
    use std::time::Instant;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);

    /// Like a pipe: a write waits until somebody reads.
    struct Pipe(SyncSender<Vec<u8>>);

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.send(bytes.to_vec()).map_err(|_| ErrorKind::BrokenPipe)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn pipe() -> (Pipe, Receiver<Vec<u8>>) {
        let (sender, receiver) = sync_channel(0);
        (Pipe(sender), receiver)
    }

    /// Reads until a line is `last`.
    fn read_to(receiver: &Receiver<Vec<u8>>, last: &str) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        while lines.last().is_none_or(|line| line != last) {
            let bytes = receiver.recv_timeout(PATIENCE).unwrap();
            assert!(bytes.len() <= MAX_WRITE && bytes.ends_with(b"\n"), "whole lines, as a pipe takes them");
            lines.extend(String::from_utf8(bytes).unwrap().lines().map(str::to_owned));
        }
        lines
    }

    fn wait_until(is_so: &dyn Fn() -> bool) {
        let begun = Instant::now();
        while !is_so() {
            assert!(begun.elapsed() < PATIENCE);
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn no_report(_: u64) {}

    #[test]
    fn lines_are_written_whole_and_in_order() {
        let (pipe, receiver) = pipe();
        let log = LogWriter::start(pipe, no_report).unwrap();
        let written: Vec<String> = (0..2_000).map(|i| format!("line {i}{}", "x".repeat(i % 300))).collect();
        let mut sink = log.sink();
        for line in &written {
            sink.write_all(format!("{line}\n").as_bytes()).unwrap();
        }
        assert_eq!(read_to(&receiver, written.last().unwrap()), written);
    }

    #[test]
    fn a_writer_that_hangs_holds_nobody_up_and_what_is_dropped_is_counted() {
        static REPORTED: AtomicU64 = AtomicU64::new(0);
        let count_reported = |lost| {
            REPORTED.fetch_add(lost, Ordering::SeqCst);
        };
        let (pipe, receiver) = pipe();
        let log = LogWriter::start(pipe, count_reported).unwrap();
        let mut sink = log.sink();
        let count = 3 * CAPACITY as u64 / 1_000;
        // The writer hangs with the first line: from now on nothing is taken, and there is one gap.
        sink.write_all(b"first\n").unwrap();
        wait_until(&|| log.0.0.lock().is_writing);
        let begun = Instant::now();
        for i in 0..count {
            sink.write_all(format!("{i:0999}\n").as_bytes()).unwrap();
        }
        assert!(begun.elapsed() < PATIENCE);
        let dropped = log.0.0.lock().dropped;
        assert!(dropped > count / 4, "{dropped}");

        // It goes on: what fitted comes in order, then what comes later.
        let kept = count - dropped;
        assert_eq!(read_to(&receiver, "first"), ["first"]);
        let lines = read_to(&receiver, &format!("{:0999}", kept - 1));
        assert_eq!(lines, (0..kept).map(|i| format!("{i:0999}")).collect::<Vec<_>>());
        sink.write_all(b"later\n").unwrap();
        assert_eq!(read_to(&receiver, "later"), ["later"]);
        assert_eq!(REPORTED.load(Ordering::SeqCst), dropped);
    }

    #[test]
    fn the_end_waits_for_the_last_line_but_not_for_a_writer_that_hangs() {
        let (pipe, receiver) = pipe();
        let log = LogWriter::start(pipe, no_report).unwrap();
        log.say("first\n");
        log.sink().write_all(b"last\n").unwrap();
        let reader = thread::spawn(move || {
            thread::sleep(Duration::from_millis(100));
            read_to(&receiver, "last")
        });
        drop(log);
        assert!(reader.join().unwrap().ends_with(&["last".to_owned()]));

        let (pipe, _receiver) = self::pipe();
        let log = LogWriter::start(pipe, no_report).unwrap();
        log.say("nobody reads\n");
        let begun = Instant::now();
        drop(log);
        assert!((FLUSH_TIMEOUT..PATIENCE).contains(&begun.elapsed()), "{:?}", begun.elapsed());
    }

    /// Fails as a full disk does, as long as it says.
    struct Disk(&'static Mutex<(bool, Vec<u8>, u64)>);

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut disk = self.0.lock().unwrap();
            disk.2 += 1;
            if disk.0 {
                return Err(ErrorKind::StorageFull.into());
            }
            disk.1.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_cannot_be_written_is_counted_without_end_or_haste() {
        static DISK: Mutex<(bool, Vec<u8>, u64)> = Mutex::new((true, Vec::new(), 0));
        static REPORTED: AtomicU64 = AtomicU64::new(0);
        let count_reported = |lost| {
            REPORTED.fetch_add(lost, Ordering::SeqCst);
        };
        let log = LogWriter::start(Disk(&DISK), count_reported).unwrap();
        let mut sink = log.sink();
        sink.write_all(b"lost\n").unwrap();
        wait_until(&|| DISK.lock().unwrap().2 == 1);
        sink.write_all(b"lost too\n").unwrap();
        wait_until(&|| DISK.lock().unwrap().2 == 2);
        assert_eq!(REPORTED.load(Ordering::SeqCst), 0, "a report would be lost as well");
        DISK.lock().unwrap().0 = false;
        sink.write_all(b"kept\n").unwrap();
        wait_until(&|| DISK.lock().unwrap().1 == b"kept\n");
        sink.write_all(b"kept too\n").unwrap();
        wait_until(&|| REPORTED.load(Ordering::SeqCst) == 2);
    }

    #[test]
    fn a_line_that_is_too_long_is_cut_and_tells_its_length() {
        let line = |length| format!("{}\n", "é".repeat(length));
        let short = line(2_000);
        assert_eq!(*bounded(short.as_bytes()), *short.as_bytes());
        for length in 2_048..2_052 {
            let cut = String::from_utf8(bounded(line(length).as_bytes()).into_owned()).unwrap();
            assert!(cut.len() <= MAX_LINE && cut.starts_with(&"é".repeat(2_000)), "{cut}");
            assert!(cut.ends_with(&format!("é… ({} bytes)\n", 2 * length + 1)), "{cut}");
        }
    }
}
