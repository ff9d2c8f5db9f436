//! Films: uploaded within limits, painted with the bytes of a run without a server, looked at frame by frame.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::clips::{alone, film, has_ffmpeg, job_folder, sent, settings, short};
use crate::common::{Bench, digest, picture, uuid};

#[tokio::test]
async fn a_film_gives_the_bytes_of_a_run_without_a_server_and_every_frame() {
    if !has_ffmpeg("a_film_gives_the_bytes_of_a_run_without_a_server_and_every_frame") {
        return;
    }
    let bench = Bench::new();
    let bytes = short(&bench);
    let settings = settings(&bench, &bytes).await;
    let info = bench.get(&format!("/api/v1/pictures/{}/info", digest(&bytes))).await.json();
    assert_eq!(
        (info["frames"].as_u64(), info["width"].as_u64(), info["format"].as_str()),
        (Some(5), Some(64), Some("mp4"))
    );
    assert!((info["seconds"].as_f64().unwrap() - 0.2).abs() < 1e-3);
    let poster = bench.get(&format!("/api/v1/pictures/{}?fit=256", digest(&bytes))).await;
    assert_eq!(poster.header("content-type"), "image/jpeg");

    let id = uuid(1);
    let job = bench.made(&id, &settings).await;
    let result = &job["result"];
    assert_eq!((result["frames"].as_u64(), result["format"].as_str()), (Some(5), Some("mp4")));
    let path = format!("/api/v1/jobs/{id}/result");
    let whole = bench.get(&path).await;
    assert!(whole.body == alone(&bench));
    assert!(whole.header("content-disposition").contains("in.mp4 in the style of style.png.mp4"));
    let part = bench.send(Method::GET, &format!("{path}?show=true"), &[("range", "bytes=4-7")], "").await;
    assert_eq!((part.status, &part.body[..]), (StatusCode::PARTIAL_CONTENT, &b"ftyp"[..]));
    assert_eq!(part.header("content-type"), "video/mp4");
    let both = bench.get(&format!("{path}?show=true&fit=256")).await;
    assert_eq!(
        (both.status, both.json()["option"].as_str()),
        (StatusCode::UNPROCESSABLE_ENTITY, Some("show"))
    );

    let frame = |number: usize| format!("/api/v1/jobs/{id}/frames/{number}");
    let (first, last) = (bench.get(&frame(0)).await, bench.get(&frame(4)).await);
    assert!(first.status.is_success() && first.body.starts_with(b"\xff\xd8") && first.body != last.body);
    assert!(bench.get(&frame(99)).await.body == last.body);
    assert_eq!(bench.get(&format!("{path}?fit=256")).await.header("content-type"), "image/jpeg");
    // The frames of 16 bits are gone.
    let names: Vec<_> =
        std::fs::read_dir(job_folder(&bench, &id)).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!names.iter().any(|name| name.to_string_lossy().ends_with(".film")), "{names:?}");
}

#[tokio::test]
async fn what_is_no_film_is_refused() {
    if !has_ffmpeg("what_is_no_film_is_refused") {
        return;
    }
    let bench = Bench::asleep();
    let secret = bench.folder.path().join("secret.ts");
    std::fs::write(&secret, "secret").unwrap();
    let list =
        format!("#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{}\n#EXT-X-ENDLIST\n", secret.display());
    let concat = format!("ffconcat version 1.0\nfile '{}'\n", secret.display());
    for (name, bytes) in [("list.mp4", list), ("concat.mp4", concat)] {
        let answer = sent(&bench, name, bytes.as_bytes()).await;
        let problem = answer.json();
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
        assert_eq!(problem["detail"].as_str().unwrap(), format!("{name}: expected a film in one file"));
        assert!(problem["hint"].as_str().unwrap().contains("playlist"));
    }
    let answer = sent(&bench, "noise.mp4", &[7; 5000]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.json()["detail"].as_str().unwrap().starts_with("noise.mp4: ffmpeg cannot read it"));
    let sound = film(bench.folder.path(), "a.mp4", "sine=duration=0.2", &["-c:a", "aac"]);
    assert!(
        sent(&bench, "a.mp4", &sound).await.json()["detail"].as_str().unwrap().contains("holds no video")
    );
    let left = std::fs::read_dir(bench.folder.path().join("data/incoming")).unwrap().count();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn films_and_pictures_are_not_taken_for_each_other() {
    if !has_ffmpeg("films_and_pictures_are_not_taken_for_each_other") {
        return;
    }
    let bench = Bench::asleep();
    let bytes = short(&bench);
    let good = settings(&bench, &bytes).await;
    let refused = async |change: &[(&str, Value)]| {
        let mut body = good.clone();
        change.iter().for_each(|(name, value)| body[*name] = value.clone());
        let answer = bench.json(Method::PUT, &format!("/api/v1/jobs/{}", uuid(9)), &body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.json());
        let problem = answer.json();
        (
            problem["option"].as_str().unwrap_or_default().to_owned(),
            problem["detail"].as_str().unwrap().to_owned(),
        )
    };
    let picture = good["styles"][0].clone();
    let moving = good["content"].clone();
    let (option, detail) = refused(&[("content", picture)]).await;
    assert_eq!((&option[..], &detail[..]), ("content", "content: style.png is a picture: expected a film"));
    assert!(refused(&[("kind", json!("stylize")), ("no_cuts", Value::Null)]).await.1.contains("is a film"));
    let (option, detail) = refused(&[("styles", json!([moving]))]).await;
    assert_eq!((&option[..], &detail[..]), ("styles", "styles: in.mp4 is a film: expected a picture"));
    assert_eq!(refused(&[("format", json!("png"))]).await.0, "format");
    assert_eq!(refused(&[("hold", json!(99))]).await.0, "hold");
    for closed in ["folder", "from", "shard", "keep_frames", "input", "output"] {
        assert!(refused(&[(closed, json!("/etc"))]).await.1.contains(closed));
    }
    // The format of the file counts, and not the name that it came with.
    let other =
        film(bench.folder.path(), "other.mp4", "testsrc2=size=32x32:duration=0.1", &["-c:v", "mpeg4"]);
    assert!(sent(&bench, "other.gif", &other).await.status.is_success());
    assert!(refused(&[("styles", json!([digest(&other)]))]).await.1.contains("other.gif is a film"));
    let gif = film(bench.folder.path(), "moving.gif", "testsrc2=size=32x32:duration=0.1", &[]);
    assert!(sent(&bench, "moving", &gif).await.status.is_success());
    let mut of_gif = good.clone();
    of_gif["styles"] = json!([digest(&gif)]);
    bench.accepted(&uuid(8), &of_gif).await;
    // The draft of a film is that of its first frame.
    let draft = bench
        .json(
            Method::POST,
            "/api/v1/drafts",
            &json!({ "kind": "video", "content": good["content"],
        "styles": good["styles"], "size": 48, "hold": 2, "format": "webm" }),
        )
        .await;
    assert_eq!((draft.status, draft.header("content-type")), (StatusCode::OK, "image/jpeg"));
}

#[tokio::test]
async fn the_draft_of_a_film_has_the_styles_of_its_beginning() {
    if !has_ffmpeg("the_draft_of_a_film_has_the_styles_of_its_beginning") {
        return;
    }
    let bench = Bench::asleep();
    let bytes = short(&bench);
    let settings = settings(&bench, &bytes).await;
    let (first, second) = (&settings["styles"][0], bench.upload("other.png", &picture(48, 48, 5)).await);
    let drafted = async |styles: Value| {
        let body = json!({ "kind": "video", "content": settings["content"], "styles": styles, "size": 48 });
        let answer = bench.json(Method::POST, "/api/v1/drafts", &body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", String::from_utf8_lossy(&answer.body));
        answer.body
    };
    let both = drafted(json!([first, second])).await;
    let alone = drafted(json!([first, { "picture": second, "weight": 0 }])).await;
    assert!(alone != both);
    let timed = json!([{ "picture": first, "at": "0s" }, { "picture": second, "at": "100%" }]);
    assert!(drafted(timed).await == alone);
    let turned = json!([{ "picture": second, "at": "3f" }, { "picture": first, "at": "0.1s" }]);
    assert!(drafted(turned).await == drafted(json!([{ "picture": second, "weight": 0 }, first])).await);
}

#[tokio::test]
async fn times_of_styles_are_for_films_alone() {
    if !has_ffmpeg("times_of_styles_are_for_films_alone") {
        return;
    }
    let bench = Bench::asleep();
    let bytes = short(&bench);
    let film = settings(&bench, &bytes).await;
    let mut picture = bench.settings().await;
    let content = picture["content"].clone();
    picture.as_object_mut().unwrap().remove("content");
    let timed = |at: &str| json!([film["styles"][0], { "picture": film["styles"][0], "at": at }]);
    let refused = async |path: &str, body: &Value| {
        let answer = bench.json(Method::POST, path, body).await;
        let problem = answer.json();
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
        assert_eq!(problem["option"], "styles", "{problem}");
        problem["detail"].as_str().unwrap().to_owned()
    };
    let kinds = [
        json!({ "kind": "stylize", "content": content }),
        json!({ "kind": "texture" }),
        json!({ "kind": "sheet", "content": content, "vary": ["seed=1,2"] }),
        json!({ "kind": "batch", "contents": [content] }),
        json!({ "kind": "compare", "pictures": [content] }),
    ];
    for mut body in kinds {
        body["styles"] = timed("3s");
        for path in ["/api/v1/jobs", "/api/v1/drafts", "/api/v1/plans"] {
            assert!(refused(path, &body).await.contains("a picture has no time"), "{body}");
        }
    }
    let mut wrong = film.clone();
    wrong["styles"] = timed("soon");
    assert!(refused("/api/v1/jobs", &wrong).await.contains("expected a time in a film"));
}

#[tokio::test]
async fn a_film_is_paused_and_not_stopped() {
    if !has_ffmpeg("a_film_is_paused_and_not_stopped") {
        return;
    }
    let bench = Bench::asleep();
    let bytes = short(&bench);
    let settings = settings(&bench, &bytes).await;
    let id = uuid(1);
    let answer = bench.json(Method::PUT, &format!("/api/v1/jobs/{id}"), &settings).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    for action in ["stop", "finish-soon"] {
        let refused = bench.post(&format!("/api/v1/jobs/{id}/{action}")).await;
        assert_eq!(refused.status, StatusCode::CONFLICT);
        assert!(refused.json()["hint"].as_str().unwrap().contains("pause"));
    }
    assert!(bench.post(&format!("/api/v1/jobs/{id}/pause")).await.status.is_success());
    bench.until(&id, &["paused"]).await;
    // The frames so far can be looked at while it waits.
    std::fs::create_dir_all(job_folder(&bench, &id).join("frames")).unwrap();
    std::fs::write(job_folder(&bench, &id).join("frames/000002.jpg"), "a frame").unwrap();
    let paused = bench.get(&format!("/api/v1/jobs/{id}")).await.json();
    assert_eq!((paused["state"].as_str(), paused["painted"].as_u64()), (Some("paused"), Some(3)));
    assert!(bench.get(&format!("/api/v1/jobs/{id}/frames/2")).await.status.is_success());
    let listed = bench.get("/api/v1/jobs").await.json();
    assert_eq!(listed["jobs"][0]["painted"].as_u64(), Some(3));
}

/// An animated PNG is a picture with alpha, too. A film's first frame has none.
#[tokio::test]
async fn a_picture_that_is_a_film_too_is_drafted_as_a_picture() {
    if !has_ffmpeg("a_picture_that_is_a_film_too_is_drafted_as_a_picture") {
        return;
    }
    // The left half is transparent.
    let source = "testsrc2=size=64x48:rate=5:duration=0.4";
    let half = "format=rgba,geq=r='r(X,Y)':g='g(X,Y)':b='b(X,Y)':a='255*gt(X,W/2)'";
    let mut drafts = Vec::new();
    for kinds in [&["image/apng"][..], &["image/apng", "video/apng"]] {
        let bench = Bench::asleep();
        let bytes = film(bench.folder.path(), "in.apng", source, &["-vf", half, "-pix_fmt", "rgba"]);
        for kind in kinds {
            let path = format!("/api/v1/pictures/{}?name=in.png", digest(&bytes));
            let answer = bench.send(Method::PUT, &path, &[("content-type", *kind)], bytes.clone()).await;
            assert!(answer.status.is_success(), "{}", answer.json());
        }
        let mut settings = bench.settings().await;
        settings["content"] = json!(digest(&bytes));
        let drafted = bench.json(Method::POST, "/api/v1/drafts", &settings).await;
        assert_eq!(drafted.status, StatusCode::OK);
        drafts.push(drafted.body);
    }
    assert!(drafts[0] == drafts[1]);
}

#[tokio::test]
async fn a_film_whose_first_frame_cannot_be_kept_is_not_kept() {
    if !has_ffmpeg("a_film_whose_first_frame_cannot_be_kept_is_not_kept") {
        return;
    }
    let bench = Bench::asleep();
    let bytes = short(&bench);
    let id = digest(&bytes);
    let folder = bench.folder.path().join("data/pictures").join(&id[..2]);
    std::fs::create_dir_all(folder.join(format!("{id}.poster.png/in the way"))).unwrap();
    assert!(!sent(&bench, "in.mp4", &bytes).await.status.is_success());
    assert!(!folder.join(&id).exists());
    assert_eq!(bench.get(&format!("/api/v1/pictures/{id}/info")).await.status, StatusCode::NOT_FOUND);
    std::fs::remove_dir_all(folder.join(format!("{id}.poster.png"))).unwrap();
    assert!(sent(&bench, "in.mp4", &bytes).await.status.is_success());
}
