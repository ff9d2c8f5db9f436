//! Fetches one file from one address: resumes an earlier try, and retries when the connection fails.

use std::io::{self, Read};
use std::thread;
use std::time::{Duration, Instant};

use super::super::Event;
use super::super::catalogue::{Digest, Model, Needed, WeightFile};
use super::client::{Answer, Bytes, Client, Patience, Trouble, trouble};
use super::part::Part;
use super::plan::Plan;

/// Most requests for one file, even if all succeed: a server that sends a byte at a time is given up.
const REQUESTS: u32 = 100;

/// Longest pause between two tries.
const LONGEST_PAUSE: u32 = 32;

/// Why a file could not be fetched.
#[derive(Debug)]
pub(super) enum Failed {
    /// This address is of no use; another one may be.
    Here(String),
    /// One of our own files could not be written, so no address will help.
    Disk(io::Error),
    /// The disk is too full.
    NoSpace {
        /// Bytes that are needed.
        needed: u64,
        /// Bytes that are free.
        free: u64,
    },
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Failed {
        Failed::Disk(error)
    }
}

/// The fetching of one file.
pub(super) struct Transfer<'a> {
    pub(super) client: &'a Client,
    pub(super) patience: &'a Patience,
    pub(super) model: &'a Model,
    pub(super) file: &'a WeightFile,
    pub(super) address: &'a str,
    /// Checks that there is room for so many more bytes.
    pub(super) make_sure_of_room: &'a dyn Fn(u64) -> Result<(), Failed>,
}

impl Transfer<'_> {
    /// Runs until the part holds everything that is needed.
    pub(super) fn run(
        &self,
        part: &mut Part,
        plan: &mut Plan,
        watch: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), Failed> {
        self.take_up(part, plan)?;
        let (mut fruitless, mut requests) = (0, 0);
        while plan.size(part.total()) != Some(part.kept()) {
            let before = part.kept();
            requests += 1;
            let (why, pause) = match self.request(part, plan, watch) {
                Ok(()) => continue,
                Err(Stopped::Failed(failed)) => return Err(failed),
                Err(Stopped::Trouble(Trouble::Final(why))) => return Err(Failed::Here(why)),
                Err(Stopped::Trouble(Trouble::Passing(why, pause))) => (why, pause),
            };
            fruitless = if part.kept() > before { 0 } else { fruitless + 1 };
            if fruitless >= self.patience.tries || requests >= REQUESTS {
                return Err(Failed::Here(format!("{why} (tried {requests} times)")));
            }
            let longer = 2u32.saturating_pow(fruitless.saturating_sub(1)).min(LONGEST_PAUSE);
            let pause = pause.unwrap_or(self.patience.pause * longer);
            watch(Event::Pausing { why: &why, pause });
            thread::sleep(pause);
        }
        part.sync()?;
        Ok(())
    }

    /// Feeds the kept bytes to the plan; drops them if they make no sense.
    fn take_up(&self, part: &mut Part, plan: &mut Plan) -> io::Result<()> {
        if self.file.needed == Needed::Whole || part.kept() == 0 {
            return Ok(());
        }
        let (bytes, mut seen) = (part.beginning(part.kept())?, 0);
        while seen < bytes.len() && plan.size(None).is_none() {
            match plan.take(seen as u64, &bytes[seen..], part.total()) {
                Ok(taken) => seen += taken,
                Err(_) => return restart(part, plan),
            }
        }
        if plan.size(None).is_some_and(|size| size < part.kept()) { restart(part, plan) } else { Ok(()) }
    }

    fn request(
        &self,
        part: &mut Part,
        plan: &mut Plan,
        watch: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), Stopped> {
        let is_hashed = self.file.needed == Needed::Whole && self.file.digest.is_some();
        if part.kept() > 0 && part.version().is_none() && !is_hashed {
            // Without a version, parts of two versions could be mixed unnoticed.
            if self.file.needed == Needed::Convolutions {
                return Err(given_up("does not name the version of the file (ETag) with its parts".into()));
            }
            restart(part, plan)?;
        }
        let (start, until) = (plan.next(part.kept()), plan.until(part.kept()));
        let bytes = match self.client.get(self.address, start, until, part.version())? {
            Answer::Bytes(bytes) => *bytes,
            Answer::NothingThere(Some(total))
                if self.file.needed == Needed::Whole
                    && total == part.kept()
                    && self.file.size.fits(total) =>
            {
                part.set_total(total);
                return Ok(());
            }
            Answer::NothingThere(_) => {
                restart(part, plan)?;
                return Err(again("the file is shorter than it was"));
            }
        };
        self.check(&bytes)?;
        let total = bytes.total.or(self.file.size.exact());
        let differ = |known: Option<&str>, found: Option<&str>| known.zip(found).is_some_and(|(a, b)| a != b);
        let is_other = differ(part.version(), bytes.version.as_deref())
            || part.total().zip(total).is_some_and(|(known, found)| known != found);
        if part.kept() > 0 && (bytes.start != start || is_other) {
            restart(part, plan)?;
            // If the new version comes from its beginning, this answer can be used.
            if bytes.start > 0 {
                return Err(again("the file changed on the server"));
            }
        }
        if part.kept() == 0 {
            let to_come = plan.size(total).unwrap_or(self.file.bytes_to_fetch(self.model));
            (self.make_sure_of_room)(to_come)?;
            part.begin(bytes.version.as_deref(), total)?;
        }
        self.receive(bytes, part, plan, watch)
    }

    /// Checks what the server says about the file before any byte is used.
    fn check(&self, bytes: &Bytes) -> Result<(), Stopped> {
        if let Some(total) = bytes.total.filter(|&total| !self.file.size.fits(total)) {
            return Err(given_up(format!("expected a file of {} bytes, found {total}", self.file.size)));
        }
        match (self.file.digest, &bytes.stated_sha256) {
            (Some(Digest::Sha256(expected)), Some(stated)) if !stated.starts_with(expected) => Err(given_up(
                format!("has another version of the file: expected SHA-256 {expected}, found {stated}"),
            )),
            _ => Ok(()),
        }
    }

    fn receive(
        &self,
        bytes: Bytes,
        part: &mut Part,
        plan: &mut Plan,
        watch: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), Stopped> {
        let Bytes { start: mut place, mut body, .. } = bytes;
        let until = plan.until(part.kept());
        let mut buffer = vec![0; 64 << 10];
        let (mut since, mut came) = (Instant::now(), 0);
        loop {
            let (read, ended) = fill(&mut body, &mut buffer);
            came += read as u64;
            if since.elapsed() >= self.patience.stretch {
                if came < self.patience.least && ended.is_none() {
                    let seconds = since.elapsed().as_secs_f64();
                    return Err(given_up(format!("sends too slowly: {came} bytes in {seconds:.0} s")));
                }
                (since, came) = (Instant::now(), 0);
            }
            let mut rest = &buffer[..read];
            if place == 0 && is_page(rest) {
                return Err(given_up("answered with a web page in place of weights".into()));
            }
            while !rest.is_empty() && plan.size(part.total()) != Some(part.kept()) {
                // A server that ignores ranges also sends bytes that are not needed.
                let skipped = (plan.next(part.kept()) - place).min(rest.len() as u64);
                (rest, place) = (&rest[skipped as usize..], place + skipped);
                if rest.is_empty() {
                    break;
                }
                let taken = plan.take(part.kept(), rest, part.total()).map_err(given_up)?;
                part.append(&rest[..taken])?;
                (rest, place) = (&rest[taken..], place + taken as u64);
            }
            watch(Event::Received { bytes: part.kept(), total: plan.size(part.total()) });
            let is_all = plan.size(part.total()) == Some(part.kept());
            if is_all && self.file.needed == Needed::Convolutions {
                return Ok(());
            }
            if is_all && !rest.is_empty() {
                let expected = part.kept();
                return Err(given_up(format!("sends more than the {expected} bytes that were expected")));
            }
            match ended {
                None => {}
                Some(Ok(())) => {
                    // Without a length, the end of the connection is the end of the file; the hash verifies it.
                    if part.total().is_none() && self.file.needed == Needed::Whole {
                        part.set_total(part.kept());
                    }
                    // If the file is cut off, more bytes must follow.
                    let is_all = plan.size(part.total()) == Some(part.kept());
                    let is_end_of_request = until.is_some_and(|until| place >= until);
                    return if is_all || is_end_of_request {
                        Ok(())
                    } else {
                        Err(again("the connection ended early"))
                    };
                }
                Some(Err(error)) => return Err(Stopped::Trouble(trouble(error.into()))),
            }
        }
    }
}

/// Why a request ended early.
enum Stopped {
    Trouble(Trouble),
    Failed(Failed),
}

impl From<Trouble> for Stopped {
    fn from(trouble: Trouble) -> Stopped {
        Stopped::Trouble(trouble)
    }
}

impl From<Failed> for Stopped {
    fn from(failed: Failed) -> Stopped {
        Stopped::Failed(failed)
    }
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Stopped {
        Stopped::Failed(Failed::Disk(error))
    }
}

fn given_up(why: String) -> Stopped {
    Stopped::Trouble(Trouble::Final(why))
}

fn again(why: &str) -> Stopped {
    Stopped::Trouble(Trouble::Passing(why.into(), None))
}

fn restart(part: &mut Part, plan: &mut Plan) -> io::Result<()> {
    plan.restart();
    part.restart()
}

/// Reads until the buffer is full, some time has passed, or the body ended. Bytes before a failure count.
fn fill(body: &mut impl Read, buffer: &mut [u8]) -> (usize, Option<io::Result<()>>) {
    /// Short enough for a progress bar.
    const WHILE: Duration = Duration::from_millis(250);
    let (mut filled, start) = (0, Instant::now());
    while filled < buffer.len() && (filled == 0 || start.elapsed() < WHILE) {
        match body.read(&mut buffer[filled..]) {
            Ok(0) => return (filled, Some(Ok(()))),
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (filled, Some(Err(error))),
        }
    }
    (filled, None)
}

/// Whether the bytes begin an HTML page or an XML error; no file of weights does.
fn is_page(bytes: &[u8]) -> bool {
    let text = bytes.trim_ascii_start();
    ["<!doctype", "<html", "<head", "<?xml", "<error"]
        .iter()
        .any(|tag| text.get(..tag.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(tag.as_bytes())))
}
