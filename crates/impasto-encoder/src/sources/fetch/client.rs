//! HTTP: requests a range of a file, and interprets the head of the answer.
//!
//! RFC 9110 defines `Range`, `If-Range` and `Content-Range` in sections 13.1.5 and 14. Redirects are followed here and
//! not by the library, for three reasons: the range must be kept; a step from https to http must fail; and Hugging Face
//! states the SHA-256 of a file (`X-Linked-ETag`) only in the redirect to its storage.

use std::io::{self, Read};
use std::time::Duration;

use ureq::http::{HeaderMap, StatusCode, header};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Error};

/// How long to wait for a server, and how often to retry.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Longest wait for a connection.
    pub connect: Duration,
    /// Longest wait for the next bytes; a server that is silent for longer counts as gone.
    pub silence: Duration,
    /// Tries in a row that bring no byte, before an address is given up.
    pub tries: u32,
    /// The pause before the second try; it doubles before each further try.
    pub pause: Duration,
    /// An address that sends fewer than `least` bytes in this time is given up, because the download would take days.
    pub stretch: Duration,
    /// See `stretch`.
    pub least: u64,
    /// Whether proxies are taken from the environment (`HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`).
    pub proxies: bool,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience {
            connect: Duration::from_secs(20),
            silence: Duration::from_secs(30),
            tries: 4,
            pause: Duration::from_secs(1),
            stretch: Duration::from_secs(60),
            least: 64 << 10,
            proxies: true,
        }
    }
}

/// Why a request failed.
#[derive(Debug)]
pub(super) enum Trouble {
    /// A later request may succeed; the server may ask to wait for the given time.
    Passing(String, Option<Duration>),
    /// A later request will fail too.
    Final(String),
}

/// The longest pause that a server can ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Most redirects in a row.
const REDIRECTS: usize = 8;

/// The beginning of an answer.
pub(super) enum Answer {
    /// Bytes of the file, from `start` on.
    Bytes(Box<Bytes>),
    /// The requested range is beyond the end; the length of the whole file.
    NothingThere(Option<u64>),
}

/// Bytes of a file.
pub(super) struct Bytes {
    /// Offset in the file of the first byte of the body.
    pub(super) start: u64,
    /// Length of the whole file.
    pub(super) total: Option<u64>,
    /// Identifies this version of the file: a strong entity tag or a date.
    pub(super) version: Option<String>,
    /// SHA-256 of the whole file, if the server states it.
    pub(super) stated_sha256: Option<String>,
    pub(super) body: Box<dyn Read>,
}

pub(super) struct Client {
    agent: Agent,
}

impl Client {
    pub(super) fn new(patience: &Patience) -> Client {
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(patience.connect))
            .timeout_recv_response(Some(patience.silence))
            .timeout_per_read(Some(patience.silence))
            .user_agent(concat!("impasto/", env!("CARGO_PKG_VERSION")))
            .accept_encoding("identity")
            .tls_config(TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build());
        if !patience.proxies {
            config = config.proxy(None);
        }
        Client { agent: config.build().into() }
    }

    /// Requests the bytes from `start` to before `until`, or to the end of the file. If the file is no longer
    /// `version`, the server sends all of it.
    pub(super) fn get(
        &self,
        address: &str,
        start: u64,
        until: Option<u64>,
        version: Option<&str>,
    ) -> Result<Answer, Trouble> {
        let mut address = address.to_string();
        let mut stated_sha256 = None;
        for _ in 0..=REDIRECTS {
            let mut request = self.agent.get(&address);
            if start > 0 || until.is_some() {
                let last = until.map_or(String::new(), |until| (until - 1).to_string());
                request = request.header(header::RANGE, format!("bytes={start}-{last}"));
                if let Some(version) = version {
                    request = request.header(header::IF_RANGE, version);
                }
            }
            let response = request.call().map_err(trouble)?;
            let (status, headers) = (response.status(), response.headers().clone());
            stated_sha256 = stated_sha256.or_else(|| sha256_in(&headers));
            if let Some(next) = text(&headers, header::LOCATION).filter(|_| status.is_redirection()) {
                address = follow(&address, next)?;
                continue;
            }
            return answer(status, &headers, start, stated_sha256, || {
                Box::new(response.into_body().into_reader())
            });
        }
        Err(Trouble::Final("redirected in circles".into()))
    }
}

fn answer(
    status: StatusCode,
    headers: &HeaderMap,
    start: u64,
    stated_sha256: Option<String>,
    body: impl FnOnce() -> Box<dyn Read>,
) -> Result<Answer, Trouble> {
    let (start, total) = match status {
        StatusCode::OK => (0, text(headers, header::CONTENT_LENGTH).and_then(|length| length.parse().ok())),
        StatusCode::PARTIAL_CONTENT => match text(headers, header::CONTENT_RANGE).and_then(content_range) {
            Some((Some(first), total)) if first == start => (first, total),
            _ => return Err(Trouble::Final("answered with another range than it was asked for".into())),
        },
        StatusCode::RANGE_NOT_SATISFIABLE => {
            let range = text(headers, header::CONTENT_RANGE).and_then(content_range);
            return Ok(Answer::NothingThere(range.and_then(|(_, total)| total)));
        }
        status => {
            let pause = text(headers, header::RETRY_AFTER).and_then(|seconds| seconds.parse().ok());
            let pause = pause.map(|seconds| Duration::from_secs(seconds).min(LONGEST_PAUSE));
            let why = format!("answered {status}");
            let passes = status.is_server_error()
                || [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_MANY_REQUESTS].contains(&status);
            return Err(if passes { Trouble::Passing(why, pause) } else { Trouble::Final(why) });
        }
    };
    if text(headers, header::CONTENT_TYPE).is_some_and(|kind| kind.trim_start().starts_with("text/html")) {
        return Err(Trouble::Final("answered with a web page in place of weights".into()));
    }
    let tag = text(headers, header::ETAG).filter(|tag| tag.starts_with('"'));
    let version = tag.or_else(|| text(headers, header::LAST_MODIFIED)).map(str::to_string);
    Ok(Answer::Bytes(Box::new(Bytes { start, total, version, stated_sha256, body: body() })))
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// Hugging Face's `"11aea0..."`: the tag of a large file is its SHA-256.
fn sha256_in(headers: &HeaderMap) -> Option<String> {
    let tag = headers.get("x-linked-etag")?.to_str().ok()?.trim_matches('"').to_ascii_lowercase();
    (tag.len() == 64 && tag.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(tag)
}

/// Parses `bytes 5-9/20` and `bytes */20` into the first byte and the length of the whole.
fn content_range(value: &str) -> Option<(Option<u64>, Option<u64>)> {
    let (range, total) = value.trim().strip_prefix("bytes ")?.split_once('/')?;
    let total = if total == "*" { None } else { Some(total.parse().ok()?) };
    if range == "*" {
        return Some((None, total));
    }
    let (first, last) = range.split_once('-')?;
    let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
    (first <= last && total.is_none_or(|total| last < total)).then_some((Some(first), total))
}

/// The target of a redirect (RFC 3986, section 5). Relative references must begin with a slash, or name a sibling.
fn follow(address: &str, location: &str) -> Result<String, Trouble> {
    let (scheme, rest) = address.split_once("://").unwrap_or(("https", address));
    let lower = location.to_ascii_lowercase();
    let next = if lower.starts_with("http://") || lower.starts_with("https://") {
        location.to_string()
    } else if location.starts_with("//") {
        format!("{scheme}:{location}")
    } else if lower.split('/').next().is_some_and(|first| first.contains(':')) {
        return Err(Trouble::Final(format!("redirected to {location}, which is not a web address")));
    } else {
        let path = rest.split(['?', '#']).next().unwrap_or(rest);
        let host = path.split('/').next().unwrap_or(path);
        if location.starts_with('/') {
            format!("{scheme}://{host}{location}")
        } else {
            let folder = path.rsplit_once('/').map_or(path, |(folder, _)| folder);
            format!("{scheme}://{folder}/{location}")
        }
    };
    if scheme.eq_ignore_ascii_case("https") && next.to_ascii_lowercase().starts_with("http://") {
        return Err(Trouble::Final("redirected from https to http".into()));
    }
    Ok(next)
}

/// Converts an error of the library.
pub(super) fn trouble(error: Error) -> Trouble {
    let text = match &error {
        Error::Io(error) => error.to_string(),
        Error::Timeout(_) => "no answer in time".into(),
        Error::HostNotFound => "the name of the host cannot be resolved: is there a network?".into(),
        other => other.to_string(),
    };
    match error {
        // A TLS error: an untrusted certificate stays untrusted.
        Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => Trouble::Final(text),
        Error::Io(_) | Error::Timeout(_) | Error::ConnectionFailed | Error::Protocol(_) => {
            Trouble::Passing(text, None)
        }
        _ => Trouble::Final(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_standard_writes_them() {
        assert_eq!(content_range("bytes 0-99/200"), Some((Some(0), Some(200))));
        assert_eq!(content_range("bytes 42-1233/*"), Some((Some(42), None)));
        assert_eq!(content_range("bytes */47022"), Some((None, Some(47022))));
        for wrong in ["", "bytes", "bytes 5-4/9", "bytes 0-9/9", "bytes x-9/10", "items 0-1/2", "bytes 0-1"] {
            assert_eq!(content_range(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn redirects_lead_where_browsers_go() {
        let follow = |from: &str, to: &str| follow(from, to).ok();
        for (from, to, expected) in [
            ("https://a.b/c/d?x=1", "https://e/f", "https://e/f"),
            ("https://a.b/c/d?x=1", "//e/f", "https://e/f"),
            ("https://a.b/c/d?x=/1", "/f?y", "https://a.b/f?y"),
            ("http://a:8/c/d", "f", "http://a:8/c/f"),
            ("http://a.b/c/d", "https://a.b/c/d", "https://a.b/c/d"),
        ] {
            assert_eq!(follow(from, to).as_deref(), Some(expected));
        }
        for (from, to) in [
            ("https://a/b", "http://a/b"),
            ("https://a/b", "HTTP://a/b"),
            ("http://a/b", "file:///etc/passwd"),
        ] {
            assert_eq!(follow(from, to), None, "{to}");
        }
    }
}
