//! `impasto serve`: the studio. The first line on stdout is the address that opens it.

use std::fs;
use std::io::Write;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use etcetera::BaseStrategy;
use impasto_server::Options;

use crate::failure::Failure;
use crate::output::{line, say};

#[derive(Args)]
pub(crate) struct ServeArgs {
    /// Port to listen on; 0 for a free one
    #[arg(long, value_name = "N", default_value_t = 7340)]
    port: u16,
    /// Folder for pictures, jobs and the database [default: impasto/studio in the user's folder for data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Open the studio in the browser
    #[arg(long)]
    open: bool,
    /// Address to listen on. Others than the loopback address can be read on the way: put a proxy with TLS before it
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1")]
    listen: IpAddr,
    /// Name of a host that browsers may use for this server, such as studio.example.org; may be repeated
    #[arg(long, value_name = "NAME")]
    allow_host: Vec<String>,
    /// Jobs at once; they share the processors
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    jobs: u16,
    /// Begin with a paused queue
    #[arg(long)]
    paused: bool,
    /// Most bytes that the folder may hold
    #[arg(long, value_name = "SIZE", default_value = "20G", value_parser = size)]
    quota: u64,
    /// Print the OpenAPI description of the server, and end
    #[arg(long)]
    openapi: bool,
}

pub(crate) fn run(args: ServeArgs) -> Result<(), Failure> {
    if args.openapi {
        let text = serde_json::to_string_pretty(&impasto_server::openapi());
        return line(&text.unwrap_or_default());
    }
    let data = match args.data {
        Some(data) => data,
        None => default_folder()?,
    };
    let mut options = Options::new(data.clone());
    (options.port, options.listen, options.hosts) = (args.port, args.listen, args.allow_host);
    (options.jobs, options.paused, options.quota) = (args.jobs.into(), args.paused, args.quota);
    options.models = Arc::new(crate::models::open_without_asking);
    if !options.listen.is_loopback() {
        say(&format!(
            "warning: whoever can reach {} can try to sign in, and read what is sent",
            options.listen
        ));
    }
    let open = args.open;
    impasto_server::serve(options, |address| {
        let _ = line(address);
        say(&format!("The studio runs until Ctrl-C. Its data are in {}", data.display()));
        if open && let Err(reason) = open_page(&data, address) {
            say(&format!("note: no browser was opened ({reason}): open {address} by hand"));
        }
    })?;
    Ok(())
}

/// Opens the page through a file that only this user can read: the arguments of programs can be seen by all users.
fn open_page(data: &Path, address: &str) -> std::io::Result<()> {
    let path = std::path::absolute(data.join("open.html"))?;
    let _ = fs::remove_file(&path);
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let page = format!(
        "<!doctype html><meta http-equiv=\"refresh\" content=\"0;url={address}\"><title>Impasto</title>"
    );
    options.open(&path)?.write_all(page.as_bytes())?;
    open::that_detached(path)
}

pub(crate) fn default_folder() -> Result<PathBuf, Failure> {
    let strategy = etcetera::choose_base_strategy()
        .map_err(|_| Failure::bad_input("there is no home folder").hint("give a folder with --data"))?;
    Ok(strategy.data_dir().join("impasto").join("studio"))
}

fn size(text: &str) -> Result<u64, String> {
    parse_size::parse_size(text).map_err(|_| "expected a size such as 20G or 500M".into())
}
