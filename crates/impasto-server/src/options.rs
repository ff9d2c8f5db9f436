//! How the studio is served.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::Arc;

use impasto::encoder::Encoder;
use impasto_job::JobError;

/// Opens models by their names.
pub type Models = Arc<dyn Fn(&str) -> Result<Encoder, JobError> + Send + Sync>;

/// How the studio is served.
#[derive(Clone)]
#[non_exhaustive]
pub struct Options {
    /// The port; 0 for a free one.
    pub port: u16,
    /// The address to listen on.
    pub listen: IpAddr,
    /// Names of hosts that browsers may use, besides the loopback address and `localhost`.
    pub hosts: Vec<String>,
    /// The data folder.
    pub data: PathBuf,
    /// Number of jobs at once.
    pub jobs: usize,
    /// Whether the queue begins paused.
    pub paused: bool,
    /// The most bytes that the data folder may hold.
    pub quota: u64,
    /// Opens models.
    pub models: Models,
}

impl Options {
    /// The defaults: port 7340 of the loopback address, one job at once, 20 GB, models that are on this machine.
    pub fn new(data: PathBuf) -> Options {
        Options {
            port: 7340,
            listen: Ipv4Addr::LOCALHOST.into(),
            hosts: Vec::new(),
            data,
            jobs: 1,
            paused: false,
            quota: 20_000_000_000,
            models: Arc::new(|name| Ok(impasto::encoder::open(name)?)),
        }
    }
}
