//! A web server for tests, on the loopback interface only. It acts as the places that publish weights, good and bad
//! ones. It ends when it is dropped.
#![allow(dead_code)] // other crates' tests use only a part
#![allow(clippy::unwrap_used)] // a failing test

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A client's request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) path: String,
    /// The first byte and, if there is one, the last byte.
    pub(crate) range: Option<(u64, Option<u64>)>,
    pub(crate) if_range: Option<String>,
    /// All headers, with names in lower case.
    pub(crate) headers: Vec<(String, String)>,
}

/// The bytes of a file that need not be in memory: zeros, except for some pieces.
#[derive(Clone)]
pub(crate) struct Content {
    length: u64,
    planted: Arc<Vec<(u64, Vec<u8>)>>,
}

impl Content {
    pub(crate) fn of(bytes: &[u8]) -> Content {
        Content { length: bytes.len() as u64, planted: Arc::new(vec![(0, bytes.to_vec())]) }
    }

    pub(crate) fn zeros(length: u64, planted: Vec<(u64, Vec<u8>)>) -> Content {
        Content { length, planted: Arc::new(planted) }
    }

    fn get(&self, start: u64, end: u64) -> Vec<u8> {
        let mut bytes = vec![0; (end - start) as usize];
        for (at, planted) in self.planted.iter() {
            let (first, last) = (start.max(*at), end.min(at + planted.len() as u64));
            if first < last {
                bytes[(first - start) as usize..(last - start) as usize]
                    .copy_from_slice(&planted[(first - at) as usize..(last - at) as usize]);
            }
        }
        bytes
    }
}

/// How the server answers.
#[derive(Clone)]
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    content: Content,
    tag: Option<String>,
    has_ranges: bool,
    heeds_if_range: bool,
    /// Whether the length is announced. If not, the end of the connection ends the body.
    has_length: bool,
    /// Closes the connection after this many bytes of the body.
    cut: Option<u64>,
    /// Sends nothing more after this many bytes of the body.
    stall: Option<u64>,
    /// The number of bytes to send at a time, and the pause between them.
    pace: Option<(usize, Duration)>,
    /// Added to every announced length.
    lie: i64,
}

impl Reply {
    /// Returns a file as a good server sends it.
    pub(crate) fn file(content: &Content) -> Reply {
        Reply {
            status: 200,
            headers: Vec::new(),
            content: content.clone(),
            tag: Some("\"one\"".into()),
            has_ranges: true,
            heeds_if_range: true,
            has_length: true,
            cut: None,
            stall: None,
            pace: None,
            lie: 0,
        }
    }

    pub(crate) fn status(status: u16) -> Reply {
        Reply { status, tag: None, ..Reply::file(&Content::of(b"")) }
    }

    pub(crate) fn redirect(to: &str) -> Reply {
        Reply::status(302).header("Location", to)
    }

    pub(crate) fn page() -> Reply {
        let text = b"<!DOCTYPE html><html><body>Please accept our cookies.</body></html>";
        Reply { tag: None, ..Reply::file(&Content::of(text)) }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Reply {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub(crate) fn tag(self, tag: Option<&str>) -> Reply {
        Reply { tag: tag.map(str::to_string), ..self }
    }

    pub(crate) fn without_ranges(self) -> Reply {
        Reply { has_ranges: false, ..self }
    }

    pub(crate) fn ignoring_if_range(self) -> Reply {
        Reply { heeds_if_range: false, ..self }
    }

    pub(crate) fn without_length(self) -> Reply {
        Reply { has_length: false, ..self }
    }

    pub(crate) fn cut_after(self, bytes: u64) -> Reply {
        Reply { cut: Some(bytes), ..self }
    }

    pub(crate) fn stall_after(self, bytes: u64) -> Reply {
        Reply { stall: Some(bytes), ..self }
    }

    pub(crate) fn at_pace(self, bytes: usize, pause: Duration) -> Reply {
        Reply { pace: Some((bytes, pause)), ..self }
    }

    pub(crate) fn lying_by(self, bytes: i64) -> Reply {
        Reply { lie: bytes, ..self }
    }
}

/// The server.
pub(crate) struct Server {
    address: SocketAddr,
    log: Arc<Mutex<Vec<Request>>>,
    sent: Arc<Mutex<u64>>,
    stop: Arc<AtomicBool>,
}

impl Server {
    /// Starts a server. `answer` gets each request and the number of earlier requests.
    pub(crate) fn start(answer: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Server {
            address: listener.local_addr().unwrap(),
            log: Arc::default(),
            sent: Arc::default(),
            stop: Arc::default(),
        };
        let (log, sent, stop) = (server.log.clone(), server.sent.clone(), server.stop.clone());
        let answer = Arc::new(answer);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let (log, sent, stop, answer) = (log.clone(), sent.clone(), stop.clone(), answer.clone());
                thread::spawn(move || {
                    let Ok(stream) = stream else { return };
                    let Some(request) = read(&stream) else { return };
                    let before = {
                        let mut log = log.lock().unwrap();
                        log.push(request.clone());
                        log.len() - 1
                    };
                    send(&stream, &request, &answer(&request, before), &sent, &stop);
                });
            }
        });
        server
    }

    /// Returns `http://127.0.0.1:PORT/PATH`.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.log.lock().unwrap().clone()
    }

    /// Returns the number of bytes in all bodies that were sent.
    pub(crate) fn sent(&self) -> u64 {
        *self.sent.lock().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // This connection wakes the server, so that it sees the flag.
        let _ = TcpStream::connect(self.address);
    }
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next()?.ok()?;
    let path = first.split(' ').nth(1)?.trim_start_matches('/').to_string();
    let mut headers = Vec::new();
    for line in lines {
        let line = line.ok()?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_string()));
    }
    let value = |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let range = value("range").map(|range| {
        let (first, last) = range.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
        (first.parse().unwrap(), last.parse().ok())
    });
    Some(Request { path, range, if_range: value("if-range"), headers })
}

fn send(mut stream: &TcpStream, request: &Request, reply: &Reply, sent: &Mutex<u64>, stop: &AtomicBool) {
    let Reply { content, tag, lie, .. } = reply;
    let total = content.length;
    let is_same = !reply.heeds_if_range || request.if_range.is_none() || request.if_range == *tag;
    let range = request.range.filter(|_| reply.status == 200 && reply.has_ranges && is_same);
    let announced = |length: u64| (length as i64 + lie) as u64;
    let (status, start, end, range) = match range {
        Some((first, _)) if first >= total => {
            (416, 0, 0, Some(format!("Content-Range: bytes */{}\r\n", announced(total))))
        }
        Some((first, last)) => {
            let end = last.map_or(total, |last| (last + 1).min(total));
            let range = format!("Content-Range: bytes {first}-{}/{}\r\n", end - 1, announced(total));
            (206, first, end, Some(range))
        }
        None => (reply.status, 0, total, None),
    };
    let mut head = format!("HTTP/1.1 {status} Answer\r\nConnection: close\r\n");
    let length = if range.is_some() { end - start } else { announced(end - start) };
    if reply.has_length {
        head.push_str(&format!("Content-Length: {length}\r\n"));
    }
    head.push_str(&range.unwrap_or_default());
    if let Some(tag) = tag {
        head.push_str(&format!("ETag: {tag}\r\n"));
    }
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if stream.write_all(format!("{head}\r\n").as_bytes()).is_err() {
        return;
    }
    let (piece, pause) = reply.pace.unwrap_or((1 << 16, Duration::ZERO));
    let mut at = start;
    while at < end && !stop.load(Ordering::SeqCst) {
        let gone = at - start;
        if reply.cut.is_some_and(|cut| gone >= cut) {
            return;
        }
        if reply.stall.is_some_and(|stall| gone >= stall) {
            thread::sleep(Duration::from_millis(5));
            continue;
        }
        let limit = [reply.cut, reply.stall].into_iter().flatten().map(|limit| start + limit).min();
        let next = end.min(at + piece as u64).min(limit.unwrap_or(end));
        *sent.lock().unwrap() += next - at;
        if stream.write_all(&content.get(at, next)).is_err() {
            return;
        }
        at = next;
        thread::sleep(pause);
    }
}
