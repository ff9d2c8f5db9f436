//! `impasto serve` as a process: killed at any moment it loses nothing, and gives the bytes of the command.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::common::{Folder, wait_until};

/// A running studio.
struct Studio {
    child: Child,
    address: String,
    token: String,
}

/// An answer: status and body.
struct Answer(u16, Vec<u8>);

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.1).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&self.1)))
    }
}

impl Studio {
    fn start(folder: &Folder) -> Studio {
        Studio::start_with(folder, |_| {})
    }

    fn start_with(folder: &Folder, change: impl FnOnce(&mut Command)) -> Studio {
        let mut command = folder.command(["serve", "--port", "0", "--data", "data"]);
        change(&mut command);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let (address, token) = line.trim().strip_prefix("http://").unwrap().split_once("/#token=").unwrap();
        Studio { child, address: address.into(), token: token.into() }
    }

    /// Sends a request on a connection of its own. `None` if the server was gone.
    fn send(&self, method: &str, path: &str, kind: &str, body: &[u8]) -> Option<Answer> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        let (address, token, length) = (&self.address, &self.token, body.len());
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)).ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        let at = answer.windows(4).position(|part| part == b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&answer[..at]).into_owned();
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let body = answer.split_off(at + 4);
        let body =
            if head.to_lowercase().contains("transfer-encoding: chunked") { unchunked(&body) } else { body };
        Some(Answer(status, body))
    }

    fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "text/plain", b"").unwrap()
    }

    fn json(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.send(method, path, "application/json", body.to_string().as_bytes()).unwrap()
    }

    fn upload(&self, folder: &Folder, name: &str) -> String {
        let bytes = folder.bytes(name);
        let id: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let path = format!("/api/v1/pictures/{id}?name={name}");
        let answer = self.send("PUT", &path, "image/png", &bytes).unwrap();
        assert!(answer.0 == 201 || answer.0 == 200, "{}", answer.json());
        id
    }

    fn job(&self, number: usize) -> Value {
        self.get(&format!("/api/v1/jobs/{}", uuid(number))).json()
    }

    fn wait_for_job(&self, number: usize, state: &str) {
        wait_until(&format!("job {number} to be {state}"), || {
            let job = self.job(number);
            assert!(job["state"] != "failed", "{job}");
            job["state"] == state
        });
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Ends the studio as a service manager does.
    fn terminate(mut self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", "TERM", &id]).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
    }
}

fn unchunked(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(end) = body.windows(2).position(|part| part == b"\r\n") {
        let length = usize::from_str_radix(std::str::from_utf8(&body[..end]).unwrap(), 16).unwrap();
        whole.extend(&body[end + 2..end + 2 + length]);
        body = &body[end + 4 + length..];
    }
    whole
}

fn uuid(number: usize) -> String {
    format!("00000000-0000-4000-8000-{number:012x}")
}

/// The settings of a run, and the result of the command with the same options.
fn run(folder: &Folder, studio: &Studio, seed: usize, iterations: usize) -> (Value, Vec<u8>) {
    let (content, style) = (studio.upload(folder, "c.png"), studio.upload(folder, "s.png"));
    let settings = json!({
        "kind": "stylize", "content": content, "styles": [{ "picture": style, "weight": 2 }],
        "size": 40, "iterations": iterations, "plateau": 0, "seed": seed,
    });
    let (seed, iterations) = (seed.to_string(), iterations.to_string());
    let args = ["stylize", "c.png", "s.png:weight=2", "-o", "out.png", "--size", "40", "--plateau", "0"];
    let ran = folder.run(args.into_iter().chain(["--seed", &seed, "--iterations", &iterations]));
    assert!(ran.code == Some(0), "{}", ran.stderr);
    (settings, folder.bytes("out.png"))
}

/// Kills the studio this often, at other moments each time, with five jobs in its queue.
fn killed(times: usize) {
    let folder = Folder::with_pictures();
    let mut studio = Studio::start(&folder);
    let mut expected = Vec::new();
    for number in 0..5 {
        let (settings, bytes) = run(&folder, &studio, number, 400);
        let answer = studio.json("PUT", &format!("/api/v1/jobs/{}", uuid(number)), &settings);
        assert_eq!(answer.0, 201, "{}", answer.json());
        expected.push(bytes);
    }
    for round in 0..times {
        // At once, or some iterations later, at a moment that follows no pattern of the work.
        let iterations = [1, 0, 40, 3, 150][round % 5];
        let done = |studio: &Studio| (0..5).all(|number| studio.job(number)["state"] == "done");
        wait_until("iterations", || {
            let at = |number: usize| studio.job(number)["progress"]["iteration"].as_u64().unwrap_or(0);
            iterations == 0 || (0..5).map(at).any(|iteration| iteration >= iterations) || done(&studio)
        });
        std::thread::sleep(Duration::from_millis(round as u64 * 7919 % 200));
        studio.kill();
        studio = Studio::start(&folder);
    }
    for (number, expected) in expected.iter().enumerate() {
        studio.wait_for_job(number, "done");
        let result = studio.get(&format!("/api/v1/jobs/{}/result", uuid(number)));
        assert!(result.1 == *expected, "job {number} has the bytes of the command");
    }
    let jobs = studio.get("/api/v1/jobs").json();
    assert_eq!(jobs["jobs"].as_array().unwrap().len(), 5, "every job ends once");
    studio.terminate();
    let incoming = folder.path("data/incoming").read_dir().unwrap().count();
    assert_eq!(incoming, 0);
    for number in 0..5 {
        let mut names: Vec<String> = folder
            .path(format!("data/jobs/{}", uuid(number)))
            .read_dir()
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        assert_eq!(names, ["report.json", "result.png"], "nothing else is left");
    }
}

#[test]
fn a_killed_studio_loses_nothing() {
    killed(3);
}

#[test]
#[ignore = "soak: a minute"]
fn a_studio_that_is_killed_twenty_times_loses_nothing() {
    killed(20);
}

#[test]
fn a_terminated_studio_keeps_its_token_and_its_queue() {
    let folder = Folder::with_pictures();
    let studio = Studio::start(&folder);
    let token = studio.token.clone();
    let (mut settings, _) = run(&folder, &studio, 1, 1);
    settings["iterations"] = json!(100_000);
    studio.json("PUT", &format!("/api/v1/jobs/{}", uuid(1)), &settings);
    wait_until("the job to be painted", || studio.job(1)["progress"]["iteration"].as_u64() > Some(1));
    studio.terminate();
    let studio = Studio::start(&folder);
    assert_eq!(studio.token, token);
    wait_until("the job to go on", || studio.job(1)["progress"]["iteration"].as_u64() > Some(1));
    assert_eq!(studio.job(1)["attempts"], json!(2));
    studio.json("POST", &format!("/api/v1/jobs/{}/cancel", uuid(1)), &json!({}));
    wait_until("the job to be cancelled", || studio.job(1)["state"] == "cancelled");
    studio.terminate();
}

#[test]
fn a_head_without_an_end_and_a_trickle_hold_nobody_up() {
    let folder = Folder::with_pictures();
    let studio = Studio::start(&folder);
    let mut slow: Vec<TcpStream> = (0..50).map(|_| TcpStream::connect(&studio.address).unwrap()).collect();
    for stream in &mut slow {
        stream.write_all(b"PUT /api/v1/pictures/").unwrap();
    }
    assert_eq!(studio.get("/healthz").1, b"ok\n");
    studio.terminate();
}

#[test]
fn wrong_options_are_explained() {
    let folder = Folder::new();
    let ran = folder.run(["serve", "--listen", "0.0.0.0", "--data", "data"]);
    assert!(ran.stderr.contains("--allow-host"), "{}", ran.stderr);
    let ran = folder.run(["serve", "--quota", "much"]);
    assert!(ran.stderr.contains("such as 20G"), "{}", ran.stderr);
    let studio = Studio::start(&folder);
    let port = studio.address.rsplit(':').next().unwrap().to_owned();
    let ran = folder.run(["serve", "--port", &port, "--data", "other"]);
    assert!(ran.stderr.contains("--port"), "{}", ran.stderr);
    let ran = folder.run(["serve", "--port", "0", "--data", "data"]);
    assert!(ran.stderr.contains("another studio"), "{}", ran.stderr);
    // Whether by the port or by the folder, a second start leads to the studio that runs.
    let opened = format!("open http://{}/#token={}", studio.address, studio.token);
    for port in [&port, "0"] {
        let ran = folder.fails(3, &format!("serve --port {port} --data data"));
        assert!(ran.hint().contains(&opened), "{ran}");
    }
    studio.terminate();
}

/// Kilobytes of memory that the studio holds.
#[cfg(target_os = "linux")]
fn memory(studio: &Studio) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", studio.child.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Two hundred jobs, one after the other, and as many drafts: memory does not grow with them.
#[cfg(target_os = "linux")]
#[test]
#[ignore = "soak: two minutes"]
fn two_hundred_jobs_leave_memory_flat() {
    /// More than the noise between two measurements, less than 150 jobs would leak at 64 kB each.
    const NOISE: usize = 9600;
    let folder = Folder::with_pictures();
    let studio = Studio::start(&folder);
    let (settings, _) = run(&folder, &studio, 1, 2);
    let mut after = Vec::new();
    for number in 0..200 {
        studio.json("PUT", &format!("/api/v1/jobs/{}", uuid(number)), &settings);
        studio.wait_for_job(number, "done");
        assert_eq!(studio.json("POST", "/api/v1/drafts", &settings).0, 200);
        after.push(memory(&studio));
    }
    let (early, late) = (after[30..50].iter().max().unwrap(), after[180..].iter().min().unwrap());
    assert!(late < &(early + NOISE), "{early} kB after 50 jobs, {late} kB after 200");
    studio.terminate();
}

#[test]
fn devices_are_those_of_the_command() {
    let folder = Folder::new();
    let studio = Studio::start(&folder);
    let listed = folder.command(["devices", "--json"]).output().unwrap();
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(studio.get("/api/v1/devices").json(), listed);
    studio.terminate();
}

/// Programs that note each start stand for ffmpeg and ffprobe.
#[cfg(unix)]
#[test]
fn ffmpeg_is_asked_for_its_version_once() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new();
    let programs = folder.path("programs");
    std::fs::create_dir(&programs).unwrap();
    for name in ["ffmpeg", "ffprobe"] {
        let path = programs.join(name);
        let script =
            format!("#!/bin/sh\necho >>'{}/starts'\necho '{name} version 6.0'\n", programs.display());
        std::fs::write(&path, script).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o700)).unwrap();
    }
    let studio = Studio::start_with(&folder, |command| {
        command.env("PATH", &programs);
    });
    for _ in 0..3 {
        let status = studio.get("/api/v1/status").json();
        assert_eq!(status["films"]["available"], true, "{status}");
    }
    assert_eq!(std::fs::read_to_string(programs.join("starts")).unwrap().lines().count(), 2);
    studio.terminate();
}

/// In the studio, too, a card that `auto` took is replaced by the processor. The picture keeps the names of its files.
#[cfg(feature = "gpu")]
#[test]
fn a_card_that_is_lost_in_the_studio_is_replaced_by_the_processor() {
    let folder = Folder::with_pictures();
    let devices: Value = serde_json::from_str(&folder.succeeds("devices --json").stdout).unwrap();
    if devices.as_array().is_none_or(|devices| devices.len() < 2) {
        let name = "a_card_that_is_lost_in_the_studio_is_replaced_by_the_processor";
        return crate::common::skip(name, "there is no card");
    }
    folder.succeeds("stylize c.png s.png -o cpu.png --size 48 --iterations 6 --device cpu");
    for (number, after, how) in [(0, "0", "begins again"), (1, "4", "goes on after step")] {
        let studio = Studio::start_with(&folder, |command| {
            command.env("IMPASTO_AUTO_DEVICE", "gpu:0").env("IMPASTO_TEST_LOSE_DEVICE", after);
        });
        let (content, style) = (studio.upload(&folder, "c.png"), studio.upload(&folder, "s.png"));
        let settings = json!({ "content": content, "styles": [style], "size": 48, "iterations": 6 });
        // Drafts too. One whose settings name the card is an error.
        if after == "0" {
            let mut named = settings.clone();
            named["device"] = json!("gpu:0");
            let refused = studio.json("POST", "/api/v1/drafts", &named);
            assert!(
                refused.0 >= 500 && refused.json().to_string().contains("was lost"),
                "{}",
                refused.json()
            );
        }
        assert_eq!(studio.json("POST", "/api/v1/drafts", &settings).0, 200);
        let answer = studio.json("PUT", &format!("/api/v1/jobs/{}", uuid(number)), &settings);
        assert_eq!(answer.0, 201, "{}", answer.json());
        studio.wait_for_job(number, "done");
        let notes = studio.job(number)["notes"].to_string();
        assert!(notes.contains("was lost") && notes.contains(how), "{notes}");
        let bytes = studio.get(&format!("/api/v1/jobs/{}/result", uuid(number))).1;
        folder.write("studio.png", &bytes);
        let same = folder.decoded("studio.png").picture.rgb() == folder.decoded("cpu.png").picture.rgb();
        assert_eq!(same, after == "0");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert!(text.contains("\"c.png\"") && !text.contains("data/pictures"), "the recipe names the files");
        studio.terminate();
    }
}
