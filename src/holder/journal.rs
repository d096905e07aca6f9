//! The journal of a session: all that its program wrote lately, and marks of what happened when. From it a new host makes the screen again.
//!
//! The host writes it while it reads the pty, the holder while no host does; never both. Nothing is synced: it need not outlive the machine,
//! only processes. Segments are named by the place in the whole output where they begin; the newest two are kept.
//! Change here: names, sizes, what is kept. Not here: what is made of it (`host/session/replay.rs`).

use super::landing::Landed;
pub use super::landing::Landing;
use super::marks::Mark;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::BorrowedFd;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// A segment of this size is closed. One has far more than the lines of a scrollback, and two are read again in a blink.
const SEGMENT_BYTES: u64 = 8 * 1024 * 1024;
/// Marks beyond this are thinned out.
const MOST_MARKS_BYTES: u64 = 1024 * 1024;
const MARKS: &str = "marks";
const SEGMENT: &str = "out";

pub struct Journal {
    folder: PathBuf,
    /// The place where the newest segment begins.
    begins: u64,
    /// The place behind its last byte.
    ends: u64,
    segment: File,
    marks: File,
    marks_bytes: u64,
    /// It could not be written: what comes from now on is not in it.
    broken: bool,
}

impl Journal {
    /// Begins a journal; one that lies there is a dead session's.
    pub fn create(folder: &Path) -> io::Result<Journal> {
        remove(folder)?;
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        Journal::open_at(folder, 0)
    }

    /// Goes on with the journal that lies there.
    pub fn open(folder: &Path) -> io::Result<Journal> {
        let newest = segments(folder)?.pop().ok_or(io::ErrorKind::NotFound)?;
        Journal::open_at(folder, newest)
    }

    fn open_at(folder: &Path, begins: u64) -> io::Result<Journal> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let segment = options.open(segment_path(folder, begins))?;
        let marks = OpenOptions::new().append(true).create(true).mode(0o600).open(folder.join(MARKS))?;
        let ends = begins + segment.metadata()?.len();
        let marks_bytes = marks.metadata()?.len();
        Ok(Journal { folder: folder.into(), begins, ends, segment, marks, marks_bytes, broken: false })
    }

    /// The place behind the last byte.
    pub fn ends(&self) -> u64 {
        self.ends
    }

    /// Whether a next segment should be begun.
    pub fn is_full(&self) -> bool {
        self.ends - self.begins >= SEGMENT_BYTES && !self.broken
    }

    /// Takes what the pty has, at most a buffer full, and gives it only once it is in the journal. Errors are those of a read of the pty:
    /// a journal that cannot be written keeps nobody from reading.
    pub fn take(&mut self, pty: BorrowedFd, landing: &Landing, buffer: &mut [u8]) -> io::Result<usize> {
        if self.broken {
            return Ok(rustix::io::read(pty, buffer)?);
        }
        match landing.land(pty, buffer)? {
            Landed::InPipe(bytes) => Ok(self.take_landed(landing, &mut buffer[..bytes])),
            Landed::InBuffer(bytes) => {
                if let Err(error) = self.append(&buffer[..bytes]) {
                    self.give_up(&error);
                }
                Ok(bytes)
            }
        }
    }

    fn take_landed(&mut self, landing: &Landing, buffer: &mut [u8]) -> usize {
        let at = self.ends - self.begins;
        let (moved, failed) = match landing.move_to(&self.segment, at, buffer.len()) {
            Ok(()) => (buffer.len(), None),
            Err((moved, error)) => (moved, Some(error)),
        };
        self.ends += moved as u64;
        if let Err(error) = self.segment.read_exact_at(&mut buffer[..moved], at) {
            // What was written a moment ago cannot be read: those bytes are lost, the rest is not.
            self.give_up(&error);
        }
        if let Some(error) = failed {
            self.give_up(&error);
            // The rest is still in the pipe.
            let mut filled = moved;
            while let Ok(bytes @ 1..) = landing.read(&mut buffer[filled..]) {
                filled += bytes;
            }
            return filled;
        }
        moved
    }

    /// Adds what was read.
    pub fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.segment.write_all_at(bytes, self.ends - self.begins)?;
        self.ends += bytes.len() as u64;
        Ok(())
    }

    /// Notes what happened behind the last byte.
    pub fn mark(&mut self, mark: &Mark) {
        self.mark_at(self.ends, mark);
    }

    pub fn mark_at(&mut self, at: u64, mark: &Mark) {
        let line = mark.line(at);
        let written = self.marks.write_all(line.as_bytes());
        self.marks_bytes += line.len() as u64;
        let thinned = if self.marks_bytes > MOST_MARKS_BYTES { self.thin_out() } else { Ok(()) };
        if let Err(error) = written.and(thinned) {
            self.give_up(&error);
        }
    }

    /// Begins the next segment with what brings a terminal to where it is now, and lets go of all before the last one.
    pub fn begin_next(&mut self, prelude: &[u8], marks: &[Mark]) {
        let begun = Journal::open_at(&self.folder, self.ends).and_then(|mut next| {
            for mark in marks {
                next.mark(mark);
            }
            next.append(prelude)?;
            for old in segments(&self.folder)?.into_iter().filter(|begins| *begins < self.begins) {
                std::fs::remove_file(segment_path(&self.folder, old))?;
            }
            next.thin_out()?;
            Ok(next)
        });
        match begun {
            Ok(next) => *self = next,
            Err(error) => self.give_up(&error),
        }
    }

    /// Keeps the marks of what is still there, and of what is settled only the last.
    fn thin_out(&mut self) -> io::Result<()> {
        let first = segments(&self.folder)?.first().copied().unwrap_or(0);
        let all = marks(&self.folder)?;
        let last_settled = all.iter().rposition(|(_, mark)| matches!(mark, Mark::Settled(_)));
        let kept = all.iter().enumerate().filter(|(number, (at, mark))| match mark {
            Mark::Settled(_) => Some(*number) == last_settled,
            Mark::Size { .. }
            | Mark::Expect(_)
            | Mark::ExpectNothing
            | Mark::State(_)
            | Mark::Alone
            | Mark::Told(_) => *at >= first,
        });
        let text: String = kept.map(|(_, (at, mark))| mark.line(*at)).collect();
        let beside = self.folder.join("marks.new");
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        file.write_all(text.as_bytes())?;
        std::fs::rename(beside, self.folder.join(MARKS))?;
        self.marks = OpenOptions::new().append(true).open(self.folder.join(MARKS))?;
        // One that is long by itself is not thinned out each time.
        self.marks_bytes = 0;
        Ok(())
    }

    fn give_up(&mut self, error: &io::Error) {
        if !self.broken {
            tracing::warn!(folder = %self.folder.display(), %error, "a journal cannot be written; after a crash its screen will lack something");
        }
        self.broken = true;
    }
}

/// What a journal holds, read piece by piece.
pub struct Record {
    folder: PathBuf,
    segments: Vec<u64>,
    marks: Vec<(u64, Mark)>,
}

/// A piece of a journal, in the order in which it happened.
pub enum Piece<'a> {
    /// Output, and the place behind it.
    Bytes(&'a [u8], u64),
    Mark(&'a Mark),
}

const READ_BYTES: usize = 64 * 1024;

impl Record {
    pub fn open(folder: &Path) -> io::Result<Record> {
        let mut record = Record { folder: folder.into(), segments: segments(folder)?, marks: marks(folder)? };
        record.leave_out_what_is_cut_off()?;
        // Those of the same place stay as they were written.
        record.marks.sort_by_key(|(at, _)| *at);
        Ok(record)
    }

    /// Whether what came first is not in it any more.
    pub fn is_cut(&self) -> bool {
        self.segments.first().is_none_or(|begins| *begins > 0)
    }

    /// Up to where all is settled, and the state that was noted there.
    pub fn settled(&self) -> Option<(u64, &str)> {
        self.marks.iter().rev().find_map(|(at, mark)| match mark {
            Mark::Settled(state) => Some((*at, state.as_str())),
            Mark::Size { .. }
            | Mark::Expect(_)
            | Mark::ExpectNothing
            | Mark::State(_)
            | Mark::Alone
            | Mark::Told(_) => None,
        })
    }

    /// When what was told since all was settled was seen, in its order.
    pub fn told_since_settled(&self) -> Vec<i64> {
        let settled = self.marks.iter().rposition(|(_, mark)| matches!(mark, Mark::Settled(_)));
        let since = self.marks.iter().skip(settled.map_or(0, |place| place + 1));
        since.filter_map(|(_, mark)| if let Mark::Told(seen_at) = mark { Some(*seen_at) } else { None }).collect()
    }

    /// Where the program was left alone for the last time.
    pub fn alone(&self) -> Option<u64> {
        self.marks.iter().rev().find(|(_, mark)| *mark == Mark::Alone).map(|(at, _)| *at)
    }

    /// Gives all of it in order, output in pieces that end at each mark and at `stop`.
    pub fn read(&self, stop: u64, mut take: impl FnMut(Piece)) -> io::Result<()> {
        let mut marks = self.marks.iter().peekable();
        let mut buffer = vec![0; READ_BYTES];
        for begins in &self.segments {
            let mut file = File::open(segment_path(&self.folder, *begins))?;
            let mut at = *begins;
            loop {
                while let Some((_, mark)) = marks.next_if(|(place, _)| *place <= at) {
                    take(Piece::Mark(mark));
                }
                let next = marks.peek().map(|(place, _)| *place).into_iter().chain((stop > at).then_some(stop)).min();
                let most = next.map_or(READ_BYTES as u64, |next| (next - at).min(READ_BYTES as u64));
                let most = usize::try_from(most).unwrap_or(READ_BYTES);
                let bytes = file.read(&mut buffer[..most])?;
                if bytes == 0 {
                    break;
                }
                at += bytes as u64;
                take(Piece::Bytes(&buffer[..bytes], at));
            }
        }
        for (_, mark) in marks {
            take(Piece::Mark(mark));
        }
        Ok(())
    }

    /// Segments that do not lead up to the next one are of no use.
    fn leave_out_what_is_cut_off(&mut self) -> io::Result<()> {
        let mut whole: Vec<u64> = Vec::new();
        let mut ends = None;
        for begins in std::mem::take(&mut self.segments) {
            if ends != Some(begins) {
                whole.clear();
            }
            ends = Some(begins + segment_path(&self.folder, begins).metadata()?.len());
            whole.push(begins);
        }
        let first = whole.first().copied().unwrap_or(0);
        self.marks.retain(|(at, mark)| *at >= first || matches!(mark, Mark::Settled(_)));
        self.segments = whole;
        Ok(())
    }
}

/// Removes a journal; that there is none is what was wanted.
pub fn remove(folder: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn segment_path(folder: &Path, begins: u64) -> PathBuf {
    folder.join(format!("{begins}.{SEGMENT}"))
}

/// Where the segments begin, in order.
fn segments(folder: &Path) -> io::Result<Vec<u64>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        let begins: Option<u64> =
            name.to_str().and_then(|name| name.strip_suffix(".out")).and_then(|name| name.parse().ok());
        found.extend(begins);
    }
    found.sort_unstable();
    Ok(found)
}

fn marks(folder: &Path) -> io::Result<Vec<(u64, Mark)>> {
    let bytes = std::fs::read(folder.join(MARKS))?;
    let text = String::from_utf8_lossy(&bytes);
    // What has no end was cut off.
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    Ok(whole.lines().filter_map(Mark::parse).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fd::AsFd;

    /// What a record gives, as text: marks in brackets.
    fn told(folder: &Path, stop: u64) -> String {
        let mut text = String::new();
        let record = Record::open(folder).expect("it is there");
        record
            .read(stop, |piece| match piece {
                Piece::Bytes(bytes, _) => text.push_str(&String::from_utf8_lossy(bytes)),
                Piece::Mark(mark) => text.push_str(&format!("[{}]", mark.line(0).trim_end())),
            })
            .expect("it can be read");
        text
    }

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("1.1.1");
        (folder, path)
    }

    #[test]
    fn output_and_marks_come_back_in_their_order_whoever_wrote_them() {
        let (_keep, path) = folder();
        let mut host = Journal::create(&path).expect("a journal");
        host.mark(&Mark::Size { columns: 80, rows: 24 });
        host.append(b"one ").expect("it is written");
        host.mark(&Mark::Expect(7));
        host.append(b"two ").expect("it is written");
        host.mark_at(6, &Mark::Settled("{}".into()));
        drop(host);
        let mut holder = Journal::open(&path).expect("it goes on");
        holder.mark(&Mark::Alone);
        holder.append(b"three").expect("it is written");
        assert_eq!(told(&path, 6), "[0 size 80 24]one [0 expect 7]tw[0 settled {}]o [0 alone]three");
        let record = Record::open(&path).expect("it is there");
        assert_eq!((record.settled(), record.alone(), record.is_cut()), (Some((6, "{}")), Some(8), false));
    }

    #[test]
    fn only_the_newest_two_segments_are_kept_and_marks_are_thinned_out() {
        let (_keep, path) = folder();
        let mut journal = Journal::create(&path).expect("a journal");
        for segment in 0..4 {
            journal.append(format!("segment {segment} ").as_bytes()).expect("it is written");
            journal.mark(&Mark::Settled(format!("{segment}")));
            journal.begin_next(b"prelude ", &[Mark::Size { columns: 80, rows: segment }]);
        }
        journal.append(b"newest").expect("it is written");
        assert_eq!(told(&path, 0), "[0 size 80 2]prelude segment 3 [0 settled 3][0 size 80 3]prelude newest");
        assert!(Record::open(&path).expect("it is there").is_cut());
        assert!(!journal.is_full());
        journal.append(&vec![b'x'; SEGMENT_BYTES as usize]).expect("it is written");
        assert!(journal.is_full());
    }

    #[test]
    fn what_was_on_its_way_is_found_in_the_pipe() {
        let (_keep, path) = folder();
        let mut journal = Journal::create(&path).expect("a journal");
        let landing = Landing::new().expect("a pipe");
        // A pipe stands for the pty: the system moves bytes out of either.
        let pty = Landing::new().expect("a pipe");
        rustix::io::write(&pty.write, b"through the landing").expect("it has room");
        let mut buffer = [0; 64];
        let bytes = journal.take(pty.read.as_fd(), &landing, &mut buffer).expect("there is something");
        assert_eq!(&buffer[..bytes], b"through the landing");
        assert_eq!(told(&path, 0), "through the landing");
        let nothing = journal.take(pty.read.as_fd(), &landing, &mut buffer).expect_err("there is nothing more");
        assert_eq!(nothing.kind(), io::ErrorKind::WouldBlock);
        // Killed between the two steps.
        rustix::io::write(&pty.write, b"and more").expect("it has room");
        assert!(matches!(landing.land(pty.read.as_fd(), &mut buffer), Ok(Landed::InPipe(8)) | Ok(Landed::InBuffer(8))));
        if cfg!(target_os = "linux") {
            assert_eq!(landing.read(&mut buffer).expect("it is there"), 8);
        }
    }

    #[test]
    fn a_journal_that_cannot_be_written_keeps_nobody_from_reading() {
        let (_keep, path) = folder();
        let mut journal = Journal::create(&path).expect("a journal");
        // Opened to be read only: like a disk that is full.
        journal.segment = File::open(segment_path(&path, 0)).expect("it is there");
        let (landing, pty) = (Landing::new().expect("a pipe"), Landing::new().expect("a pipe"));
        let mut buffer = [0; 64];
        for text in [&b"first"[..], b"second"] {
            rustix::io::write(&pty.write, text).expect("it has room");
            let bytes = journal.take(pty.read.as_fd(), &landing, &mut buffer).expect("there is something");
            assert_eq!(&buffer[..bytes], text);
        }
        assert!(!journal.is_full());
    }
}
