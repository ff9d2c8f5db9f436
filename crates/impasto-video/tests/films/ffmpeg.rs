//! Films that ffmpeg reads and writes: times, sound, sizes, alpha, damage.

use std::fs;

use impasto_video::VideoSpec;

use crate::clips::{Place, has_ffmpeg, run, tool};

/// A job on a film of its own, made by ffmpeg.
fn job_on(place: &Place, arguments: &[&str], name: &str, output: &str) -> VideoSpec {
    let path = place.path(name);
    let all: Vec<&str> = arguments.iter().copied().chain([path.to_str().unwrap()]).collect();
    tool("ffmpeg", &all);
    VideoSpec { input: path, ..place.job(output) }
}

/// Returns the facts that ffprobe tells about a film's first video stream.
fn probed(place: &Place, name: &str, entries: &str) -> String {
    let path = place.path(name);
    let select = ["-select_streams", "v:0", "-count_packets", "-of", "csv=p=0", "-show_entries", entries];
    tool("ffprobe", &[&select[..], &[path.to_str().unwrap()]].concat()).trim().to_owned()
}

const SOURCE: [&str; 4] = ["-f", "lavfi", "-i", "testsrc2=size=63x48:rate=30000/1001:duration=0.15"];

#[test]
fn a_film_keeps_its_rate_its_sound_and_states_its_colours() {
    if !has_ffmpeg("a_film_keeps_its_rate_its_sound_and_states_its_colours") {
        return;
    }
    let place = Place::new(&[(0, 0)]);
    let sound = ["-f", "lavfi", "-i", "sine=frequency=440:duration=0.15"];
    let coded = ["-c:v", "ffv1", "-pix_fmt", "yuv444p", "-c:a", "aac"];
    let job = job_on(&place, &[&SOURCE[..], &sound, &coded].concat(), "in.mkv", "film.mp4");
    run(job).unwrap();
    assert_eq!(
        probed(&place, "film.mp4", "stream=width,height,r_frame_rate,nb_read_packets"),
        "62,48,30000/1001,5"
    );
    assert_eq!(
        probed(&place, "film.mp4", "stream=color_range,color_space,color_transfer,color_primaries"),
        "tv,bt709,bt709,bt709"
    );
    let path = place.path("film.mp4");
    let kinds =
        tool("ffprobe", &["-show_entries", "stream=codec_name", "-of", "csv=p=0", path.to_str().unwrap()]);
    assert!(kinds.contains("aac"), "{kinds}");
    assert!(!place.path("film.mp4.film").exists());
}

#[test]
fn varying_times_survive() {
    if !has_ffmpeg("varying_times_survive") {
        return;
    }
    let place = Place::new(&[(0, 0)]);
    // The frame 2 of 5 is left out, so the frame before it is shown twice as long.
    let varying =
        ["-vf", "select=not(eq(n\\,2))", "-fps_mode", "passthrough", "-c:v", "ffv1", "-pix_fmt", "yuv444p"];
    let job = job_on(&place, &[&SOURCE[..], &varying].concat(), "in.mkv", "film.mp4");
    run(job).unwrap();
    let path = place.path("film.mp4");
    let entries = ["-select_streams", "v:0", "-show_entries", "packet=pts_time", "-of", "csv=p=0"];
    let said = tool("ffprobe", &[&entries[..], &[path.to_str().unwrap()]].concat());
    let times: Vec<f64> = said.lines().map(|line| line.trim_end_matches(',').parse().unwrap()).collect();
    // Matroska rounds to milliseconds.
    let expected = [0.0, 0.033, 0.100, 0.133];
    assert!(times.len() >= 4 && times.iter().zip(expected).all(|(a, b)| (a - b).abs() < 2e-3), "{times:?}");
}

#[test]
fn a_turned_film_is_painted_the_right_way_up() {
    if !has_ffmpeg("a_turned_film_is_painted_the_right_way_up") {
        return;
    }
    let place = Place::new(&[(0, 0)]);
    let plain = place.path("plain.mp4");
    let coded = ["-c:v", "libx264", "-pix_fmt", "yuv444p", plain.to_str().unwrap()];
    tool("ffmpeg", &[&SOURCE[..], &coded].concat());
    let turned = ["-i", plain.to_str().unwrap(), "-c", "copy", "-metadata:s:v:0", "rotate=90"];
    let job = job_on(&place, &turned, "in.mp4", "out/%d.png");
    run(job).unwrap();
    let size = impasto::Picture::open(place.path("out/1.png")).unwrap().size();
    // Programs after ffmpeg 5 ignore the tag, and the film is then not turned.
    let says = probed(&place, "in.mp4", "stream_side_data=rotation");
    let stored: Vec<usize> = probed(&place, "in.mp4", "stream=width,height")
        .split([',', '\n'])
        .filter_map(|n| n.parse().ok())
        .collect();
    let expected = if says.contains("90") { (stored[1], stored[0]) } else { (stored[0], stored[1]) };
    assert_eq!(size, expected);
}

#[test]
fn a_film_that_is_cut_off_is_noticed() {
    if !has_ffmpeg("a_film_that_is_cut_off_is_noticed") {
        return;
    }
    let place = Place::new(&[(0, 0)]);
    let source = ["-f", "lavfi", "-i", "testsrc2=size=64x48:rate=25:duration=2"];
    let coded = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-movflags", "+faststart"];
    let job = job_on(&place, &[&source[..], &coded].concat(), "in.mp4", "film.mp4");
    let bytes = fs::read(place.path("in.mp4")).unwrap();
    fs::write(place.path("in.mp4"), &bytes[..bytes.len() / 2]).unwrap();
    let error = run(job).unwrap_err();
    assert!(error.to_string().contains("cut off"), "{error}");
    assert!(!place.path("film.mp4").exists());
}

#[test]
fn high_dynamic_range_is_refused_with_the_way_on() {
    if !has_ffmpeg("high_dynamic_range_is_refused_with_the_way_on") {
        return;
    }
    let place = Place::new(&[(0, 0)]);
    let coded =
        ["-vf", "setparams=color_trc=smpte2084:color_primaries=bt2020:colorspace=bt2020nc", "-c:v", "ffv1"];
    let tags = [
        "-color_trc",
        "smpte2084",
        "-color_primaries",
        "bt2020",
        "-colorspace",
        "bt2020nc",
        "-pix_fmt",
        "yuv420p10le",
    ];
    let job = job_on(&place, &[&SOURCE[..], &coded, &tags].concat(), "in.mkv", "film.mp4");
    let error = run(job).unwrap_err();
    assert!(
        error.to_string().contains("smpte2084") && error.hint_text().unwrap().contains("`tone_map`"),
        "{error}"
    );
}

#[test]
fn every_film_states_its_colours_and_pictures_move_in_apng() {
    if !has_ffmpeg("every_film_states_its_colours_and_pictures_move_in_apng") {
        return;
    }
    let place = Place::new(&[(0, 0), (0, 1), (0, 2)]);
    run(place.job("film.mov")).unwrap();
    assert_eq!(
        probed(&place, "film.mov", "stream=codec_name,color_space,color_transfer,color_primaries"),
        "prores,bt709,bt709,bt709"
    );
    run(place.job("film.apng")).unwrap();
    assert_eq!(probed(&place, "film.apng", "stream=codec_name,width,height,nb_read_packets"), "apng,64,48,3");
    let mut job = place.job("film.apng");
    job.encoding.no_sound = true;
    assert!(run(job).unwrap_err().to_string().contains("`no_sound`"));
}

/// A playlist makes ffmpeg open the files that it names: also one that its author may not read.
#[test]
fn lists_of_other_files_are_refused() {
    if !has_ffmpeg("lists_of_other_files_are_refused") {
        return;
    }
    let place = Place::new(&[(0, 0)]);
    let coded = ["-c:v", "mpeg2video", "-f", "mpegts"];
    let job = job_on(&place, &[&SOURCE[..], &coded].concat(), "part.ts", "film.mp4");
    let part = place.path("part.ts").display().to_string();
    let list = format!("#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:0.15,\n{part}\n#EXT-X-ENDLIST\n");
    let concat = format!("ffconcat version 1.0\nfile '{part}'\n");
    for (name, text) in [("list.m3u8", &list), ("list.mp4", &list), ("list.txt", &concat)] {
        fs::write(place.path(name), text).unwrap();
        let error = run(VideoSpec { input: place.path(name), ..job.clone() }).unwrap_err();
        assert!(error.to_string().ends_with("expected a film in one file"), "{error}");
        assert!(error.hint_text().unwrap().contains("playlist"));
    }
    let still = run(VideoSpec { input: place.path("style.png"), ..job.clone() }).unwrap_err();
    assert!(still.to_string().ends_with("expected a film, found a picture"), "{still}");
    assert!(still.hint_text().unwrap().contains("stylize"));
    fs::write(place.path("text.jpg"), "no picture").unwrap();
    let text = run(VideoSpec { input: place.path("text.jpg"), ..job.clone() }).unwrap_err();
    assert!(text.to_string().ends_with("found neither a film nor a picture"), "{text}");
    fs::write(place.path("text.mp4"), "no film").unwrap();
    let text = run(VideoSpec { input: place.path("text.mp4"), ..job.clone() }).unwrap_err();
    assert!(text.to_string().contains("ffmpeg cannot read it") && text.hint_text().is_some(), "{text}");
    let gone = run(VideoSpec { input: place.path("gone.mp4"), ..job.clone() }).unwrap_err();
    assert!(gone.to_string().ends_with("gone.mp4: no such file"), "{gone}");
    assert!(gone.hint_text().unwrap().contains("check the spelling"));
    // The part itself is a film.
    run(job).unwrap();
}
