//! A file that others append lines to, followed as `tail -F` does: also when it is renamed and begun anew, or cut.
//!
//! - The position in the file is committed together with the events before it, so a restart neither loses nor repeats a
//!   line. It begins where the agent left off; a file that it never saw, at its beginning.
//! - A line counts when it has ended. The last line of a file that was renamed counts as it is.
//! - While the spool is full the follower waits; the file is the buffer.
//! - Files that were rotated while the agent was away are read one after another, as long as they are beside the file,
//!   uncompressed, with its name and a number or a date.

mod position;

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, SeekFrom};
use tokio_util::sync::CancellationToken;

use self::position::{FilePosition, HEAD_BYTES, Identity, checksum, generations};
use super::Intake;
use super::decode::LineDecoder;
use super::lines::{LineSplitter, PIECE_BYTES};
use crate::line::{MAX_LINE_BYTES, without_byte_order_mark};
use crate::spool::{Arrival, InputOffset};

/// How often a file that has nothing new is polled: soon enough for a dashboard, seldom enough to cost nothing.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// So many files that were read to their end are remembered. A later one may be given the number of one of them, so few.
const REMEMBERED_FILES: usize = 8;

/// Spools the lines of a file until `stop` is cancelled.
pub async fn follow(path: &Path, intake: &Intake, stop: &CancellationToken) {
    let mut follower = Follower::new(path, intake);
    let mut complaint = String::new();
    while !stop.is_cancelled() {
        let said = match follower.step(stop).await {
            Ok(Progress::More) => continue,
            Ok(Progress::UpToDate) => String::new(),
            Err(error) => error.to_string(),
        };
        if said != complaint && !said.is_empty() {
            tracing::warn!("{} cannot be read: {said}; trying again until it can", path.display());
        }
        complaint = said;
        tokio::select! {
            () = tokio::time::sleep(POLL_INTERVAL) => {}
            () = stop.cancelled() => {}
        }
    }
}

enum Progress {
    /// There may be more at once.
    More,
    /// There is nothing more for now.
    UpToDate,
}

/// A file that is being read.
struct Open {
    file: File,
    identity: Identity,
    /// Bytes read so far.
    read: u64,
    lines: u64,
    head: Vec<u8>,
    splitter: LineSplitter,
    decoder: LineDecoder,
    /// Its length when it was last read to its end.
    length_at_end: Option<u64>,
    /// Whether its name belongs to another file now; it is looked at once more before that one is begun.
    is_renamed: bool,
}

struct Follower<'a> {
    path: &'a Path,
    name: String,
    intake: &'a Intake,
    open: Option<Open>,
    has_resumed: bool,
    /// Files that were read to their end, the latest last; a moment may hold two of them.
    finished: Vec<Identity>,
}

impl<'a> Follower<'a> {
    fn new(path: &'a Path, intake: &'a Intake) -> Self {
        Self {
            path,
            name: path.display().to_string(),
            intake,
            open: None,
            has_resumed: false,
            finished: Vec::new(),
        }
    }

    fn key(&self) -> String {
        format!("follow:{}", self.name)
    }

    async fn step(&mut self, stop: &CancellationToken) -> io::Result<Progress> {
        if self.open.is_none() {
            self.open = self.begin().await?;
        }
        let Some(open) = &mut self.open else { return Ok(Progress::UpToDate) };
        open.begin_anew_if_replaced(&self.name).await?;
        let mut piece = vec![0; PIECE_BYTES];
        let read = open.file.read(&mut piece).await?;
        if read > 0 {
            let mut arrival = Arrival::default();
            open.take(&piece[..read], |decoder, number, line| {
                self.intake.take_line(decoder, &mut arrival, (&self.name, number), line);
            });
            return Ok(self.keep(arrival, stop).await);
        }
        open.length_at_end = Some(open.read);
        let named = tokio::fs::metadata(self.path).await.ok().map(|metadata| Identity::of(&metadata));
        if named.is_none_or(|named| named == open.identity) {
            return Ok(Progress::UpToDate);
        }
        if !open.is_renamed {
            open.is_renamed = true;
            return Ok(Progress::UpToDate);
        }
        self.go_on_to_next(stop).await
    }

    /// Opens the file that the spool remembers, or the followed file at its beginning.
    async fn begin(&mut self) -> io::Result<Option<Open>> {
        let remembered = if self.has_resumed {
            None
        } else {
            self.intake.offset(&self.key()).await.map_err(io::Error::other)?
        };
        let position: Option<FilePosition> = remembered.and_then(|text| serde_json::from_str(&text).ok());
        if let Some(position) = position {
            for generation in generations(self.path).into_iter().filter(|found| found.file == position.file) {
                if let Some(open) = Open::resume(&generation.path, &position, self.intake).await? {
                    self.has_resumed = true;
                    return Ok(Some(open));
                }
            }
            if tokio::fs::try_exists(self.path).await? {
                tracing::warn!(
                    "{} is another file than the one read before, which is gone; what was not read of that is lost",
                    self.name
                );
            }
        }
        let open = Open::begin(self.path).await?;
        self.has_resumed = true;
        Ok(Some(open))
    }

    async fn keep(&mut self, mut arrival: Arrival, stop: &CancellationToken) -> Progress {
        let (key, intake) = (self.key(), self.intake);
        let Some(open) = &mut self.open else { return Progress::UpToDate };
        arrival.offset = Some(InputOffset { input: key, offset: open.position() });
        // What is not kept because of the stop is read again after the start.
        if !intake.keep_with_retry(arrival, stop).await {
            self.open = None;
        }
        Progress::More
    }

    async fn go_on_to_next(&mut self, stop: &CancellationToken) -> io::Result<Progress> {
        let Some(finished) = &self.open else { return Ok(Progress::More) };
        let modified = finished.file.metadata().await?.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        let next: PathBuf = generations(self.path)
            .into_iter()
            .filter(|found| found.file != finished.identity && !self.finished.contains(&found.file))
            .find(|found| found.modified >= modified)
            .map_or_else(|| self.path.to_owned(), |found| found.path);
        let next = Open::begin(&next).await?;
        let Some(mut finished) = self.open.replace(next) else { return Ok(Progress::More) };
        self.finished.push(finished.identity);
        self.finished.drain(..self.finished.len().saturating_sub(REMEMBERED_FILES));
        let mut arrival = Arrival::default();
        finished.finish(|decoder, number, line| {
            self.intake.take_line(decoder, &mut arrival, (&self.name, number), line);
        });
        tracing::info!(
            "{} was renamed and begun anew; {} lines of the old file were read",
            self.name,
            finished.lines
        );
        Ok(self.keep(arrival, stop).await)
    }
}

impl Open {
    async fn begin(path: &Path) -> io::Result<Self> {
        let file = File::open(path).await?;
        let identity = Identity::of(&file.metadata().await?);
        Ok(Self {
            file,
            identity,
            read: 0,
            lines: 0,
            head: Vec::new(),
            splitter: LineSplitter::default(),
            decoder: LineDecoder::default(),
            length_at_end: None,
            is_renamed: false,
        })
    }

    /// The file at a position, if the position is in it.
    async fn resume(path: &Path, position: &FilePosition, intake: &Intake) -> io::Result<Option<Self>> {
        let mut open = Self::begin(path).await?;
        let length = open.file.metadata().await?.len();
        let mut head = Vec::new();
        // Not only what tells the file from others: also its first line, which may name columns.
        (&mut open.file).take(position.offset.min(MAX_LINE_BYTES as u64)).read_to_end(&mut head).await?;
        if !position.is_in(open.identity, length, &head) {
            return Ok(None);
        }
        if let Some(line) = head.split(|byte| *byte == b'\n').next().filter(|_| position.lines > 0) {
            open.decoder = LineDecoder::resumed(intake, without_byte_order_mark(1, line));
        }
        head.truncate(position.head_bytes.min(HEAD_BYTES));
        open.file.seek(SeekFrom::Start(position.offset)).await?;
        (open.read, open.lines, open.head) = (position.offset, position.lines, head);
        Ok(Some(open))
    }

    /// A file that is shorter than what was read of it, or that begins in another way, was cut and written anew.
    async fn begin_anew_if_replaced(&mut self, name: &str) -> io::Result<()> {
        let Some(length_at_end) = self.length_at_end else { return Ok(()) };
        let length = self.file.metadata().await?.len();
        if length == length_at_end {
            return Ok(());
        }
        self.length_at_end = None;
        let mut head = Vec::new();
        self.file.seek(SeekFrom::Start(0)).await?;
        (&mut self.file).take(self.head.len() as u64).read_to_end(&mut head).await?;
        if length >= self.read && head == self.head {
            self.file.seek(SeekFrom::Start(self.read)).await?;
            return Ok(());
        }
        tracing::warn!("{name} was cut; it is read from its beginning");
        self.file.seek(SeekFrom::Start(0)).await?;
        (self.read, self.lines, self.splitter) = (0, 0, LineSplitter::default());
        self.decoder = LineDecoder::default();
        self.head.clear();
        Ok(())
    }

    fn take(&mut self, piece: &[u8], mut each: impl FnMut(&mut LineDecoder, u64, &[u8])) {
        let room = HEAD_BYTES.saturating_sub(self.head.len());
        self.head.extend_from_slice(&piece[..piece.len().min(room)]);
        self.read += piece.len() as u64;
        let (lines, decoder) = (&mut self.lines, &mut self.decoder);
        self.splitter.push(piece, |line| {
            *lines += 1;
            each(decoder, *lines, without_byte_order_mark(*lines, line));
        });
    }

    fn finish(&mut self, mut each: impl FnMut(&mut LineDecoder, u64, &[u8])) {
        let (lines, decoder) = (&mut self.lines, &mut self.decoder);
        self.splitter.finish(|line| {
            *lines += 1;
            each(decoder, *lines, line);
        });
    }

    fn position(&self) -> String {
        let offset = self.read - self.splitter.partial_bytes();
        let head = &self.head[..self.head.len().min(usize::try_from(offset).unwrap_or(HEAD_BYTES))];
        let position = FilePosition {
            file: self.identity,
            offset,
            lines: self.lines,
            head_bytes: head.len(),
            head_checksum: checksum(head),
        };
        serde_json::json!(position).to_string()
    }
}
