//! Jobs: checked when they are sent, painted, given in every format, edited, repeated, deleted.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use impasto_job::spec::{StyleSpec, StylizeSpec};
use impasto_job::{Runner, Task};
use serde_json::{Value, json};

use crate::common::{Bench, picture, uuid};

/// The bytes that the same settings give without a server.
fn alone(bench: &Bench, settings: &Value, no_metadata: bool) -> Vec<u8> {
    let folder = bench.folder.path().join("alone");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("content.png"), picture(64, 48, 1)).unwrap();
    std::fs::write(folder.join("style.png"), picture(48, 48, 2)).unwrap();
    let (content, style) = (folder.join("content.png"), folder.join("style.png"));
    let mut spec = StylizeSpec::new(content, vec![StyleSpec::plain(style)], folder.join("out.png"));
    spec.run.size = settings["size"].as_u64().map(|size| size as usize);
    spec.run.iterations = Some(vec![settings["iterations"].as_u64().unwrap() as usize]);
    spec.run.seed = settings["seed"].as_u64().unwrap();
    spec.result.no_metadata = no_metadata;
    Runner::new(Task::Stylize(spec)).run().unwrap();
    std::fs::read(folder.join("out.png")).unwrap()
}

#[tokio::test]
async fn a_job_gives_the_bytes_of_a_run_without_a_server() {
    let bench = Bench::new();
    let settings = bench.settings().await;
    let id = uuid(1);
    let job = bench.made(&id, &settings).await;
    assert_eq!(job["result"]["width"].as_u64(), Some(48));
    assert_eq!(job["title"].as_str(), Some("content.png in the style of style.png"));
    let path = format!("/api/v1/jobs/{id}/result");
    let whole = bench.get(&path).await;
    assert!(whole.body == alone(&bench, &settings, false), "with the recipe");
    assert!(whole.header("content-disposition").contains("content.png in the style of style.png.png"));
    let plain = bench.get(&format!("{path}?format=png&metadata=false")).await;
    assert!(plain.body == alone(&bench, &settings, true), "without metadata");

    for (format, magic) in
        [("jpg", &b"\xff\xd8"[..]), ("tif", b"II"), ("webp", b"RIFF"), ("qoi", b"qoif"), ("bmp", b"BM")]
    {
        let other = bench.get(&format!("{path}?format={format}")).await;
        assert!(other.status.is_success() && other.body.starts_with(magic), "{format}");
    }
    let wrong = bench.get(&format!("{path}?format=exe")).await;
    assert_eq!(
        (wrong.status, wrong.json()["option"].as_str()),
        (StatusCode::UNPROCESSABLE_ENTITY, Some("format"))
    );
    let shown = bench.get(&format!("{path}?fit=256")).await;
    assert_eq!(shown.header("content-type"), "image/jpeg");
    let played = bench.get(&format!("{path}?show=true")).await;
    assert_eq!(
        (played.status, played.json()["option"].as_str()),
        (StatusCode::UNPROCESSABLE_ENTITY, Some("show"))
    );

    let losses = bench.get(&format!("/api/v1/jobs/{id}/losses")).await.json();
    assert!(losses["steps"].as_array().unwrap().len() >= 3 && losses["steps"][0]["total"].is_number());
    let report = bench.get(&format!("/api/v1/jobs/{id}/report")).await.json();
    assert_eq!(
        (report["content"]["path"].as_str(), report["output"].as_str()),
        (Some("content.png"), Some("result.png"))
    );
    let folder = bench.folder.path().to_str().unwrap();
    assert!(
        !report.to_string().contains(folder) && !job.to_string().contains(folder),
        "no path of the server is told"
    );
}

#[tokio::test]
async fn the_same_job_may_be_sent_again_and_another_may_not() {
    let bench = Bench::asleep();
    let settings = bench.settings().await;
    let path = format!("/api/v1/jobs/{}", uuid(1));
    assert_eq!(bench.json(Method::PUT, &path, &settings).await.status, StatusCode::CREATED);
    assert_eq!(bench.json(Method::PUT, &path, &settings).await.status, StatusCode::OK);
    let mut other = settings.clone();
    other["seed"] = json!(2);
    assert_eq!(bench.json(Method::PUT, &path, &other).await.status, StatusCode::CONFLICT);
    for id in ["1", "00000000-0000-4000-8000-00000000000A", "000000000000400080000000000000001"] {
        let answer = bench.json(Method::PUT, &format!("/api/v1/jobs/{id}"), &settings).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{id}");
    }
    let headers = [("content-type", "application/json"), ("idempotency-key", "k1")];
    let first = bench.send(Method::POST, "/api/v1/jobs", &headers, settings.to_string()).await;
    let again = bench.send(Method::POST, "/api/v1/jobs", &headers, settings.to_string()).await;
    assert_eq!((first.status, again.status), (StatusCode::CREATED, StatusCode::OK));
    assert_eq!(first.json()["id"], again.json()["id"]);
    assert_eq!(first.header("location"), format!("/api/v1/jobs/{}", first.json()["id"].as_str().unwrap()));
    let reused = bench.send(Method::POST, "/api/v1/jobs", &headers, other.to_string()).await;
    assert_eq!(reused.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn wrong_settings_are_refused_by_name_when_they_are_sent() {
    let bench = Bench::asleep();
    let settings = bench.settings().await;
    let nobody = "0".repeat(64);
    for (name, value) in [
        ("kind", json!("paint")),
        ("content", json!("harbour.jpg")),
        ("content", json!("/etc/passwd")),
        ("content", json!(nobody)),
        ("styles", json!([])),
        ("styles", json!(["../style.png"])),
        ("styles", json!([{ "picture": nobody, "path": "/etc/passwd" }])),
        ("styles", json!([{ "picture": nobody, "weight": "much" }])),
        ("size", json!("large")),
        ("size", json!(0)),
        ("size", json!(-3)),
        ("effort", json!("some")),
        ("colour", json!("mauve")),
        ("time", json!("soon")),
        ("preset", json!("monet")),
        ("statistic", json!("median")),
        ("model", json!("/etc/passwd")),
        ("model", json!("../weights.safetensors")),
        ("init", json!("/etc/passwd")),
        ("format", json!("exe")),
        ("output", json!("/tmp/out.png")),
        ("report", json!("/tmp/report.json")),
        ("checkpoint", json!("/tmp/checkpoint")),
        ("limits", json!("none")),
        ("mask", json!(["mask.png"])),
        ("vary", json!(["strength=0.1,0.2"])),
        ("nonsense", json!(1)),
        ("title", json!(7)),
    ] {
        let mut wrong = settings.clone();
        wrong[name] = value.clone();
        let answer = bench.json(Method::POST, "/api/v1/jobs", &wrong).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{name} {value}: {}", answer.json());
        assert_eq!(answer.json()["option"].as_str(), Some(name), "{value}: {}", answer.json());
    }
    for body in ["", "[]", "3", "{"] {
        let headers = [("content-type", "application/json")];
        let answer = bench.send(Method::POST, "/api/v1/jobs", &headers, body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
    }
    let typed = bench
        .send(Method::POST, "/api/v1/jobs", &[("content-type", "text/plain")], settings.to_string())
        .await;
    assert_eq!(typed.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert!(bench.get("/api/v1/jobs").await.json()["jobs"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn a_job_that_cannot_be_painted_fails_with_the_reason() {
    let bench = Bench::new();
    let mut settings = bench.settings().await;
    settings["strength"] = json!(7);
    let path = format!("/api/v1/jobs/{}", uuid(1));
    bench.json(Method::PUT, &path, &settings).await;
    let job = bench.until(&uuid(1), &["failed"]).await;
    assert_eq!(job["error"]["option"].as_str(), Some("strength"), "{job}");
    assert_eq!(bench.get(&format!("{path}/result")).await.status, StatusCode::NOT_FOUND);
    settings["strength"] = json!(0.5);
    // A retry has the same settings, so it fails too; another job does not.
    let retried = bench.post(&format!("{path}/retry")).await;
    assert_eq!(
        (retried.status, retried.json()["job"]["retry_of"].as_str()),
        (StatusCode::CREATED, Some(&*uuid(1)))
    );
    bench.until(retried.json()["job"]["id"].as_str().unwrap(), &["failed"]).await;
    bench.made(&uuid(2), &settings).await;
}

#[tokio::test]
async fn every_kind_of_job_is_made() {
    let bench = Bench::new();
    let settings = bench.settings().await;
    let with = |kind: &str, more: Value| {
        let mut body = settings.clone();
        body["kind"] = json!(kind);
        more.as_object().unwrap().iter().for_each(|(name, value)| body[name] = value.clone());
        body.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        body
    };
    bench.made(&uuid(1), &with("stylize", json!({ "timelapse": true }))).await;
    assert!(bench.get(&format!("/api/v1/jobs/{}/timelapse", uuid(1))).await.body.starts_with(b"GIF"));

    let texture = with("texture", json!({ "content": null, "size": [48, 32], "seamless": true }));
    let job = bench.made(&uuid(2), &texture).await;
    assert_eq!((job["result"]["width"].as_u64(), job["result"]["height"].as_u64()), (Some(48), Some(32)));

    let sheet = with("sheet", json!({ "vary": ["strength=0.3,0.9", "stroke_size=1,2"], "size": 32 }));
    bench.made(&uuid(3), &sheet).await;
    let cells = bench.get(&format!("/api/v1/jobs/{}/cells", uuid(3))).await.json();
    let cell = &cells["cells"][1];
    assert_eq!(cells["cells"].as_array().unwrap().len(), 4);
    assert_eq!(cell["settings"], json!({ "strength": 0.3, "stroke_size": 2.0 }));
    let picture = bench.get(&format!("/api/v1/jobs/{}/result", uuid(3))).await.body;
    let picture = image::load_from_memory(&picture).unwrap();
    assert_eq!(u64::from(picture.width()), cells["width"].as_u64().unwrap());
    assert!(
        cell["left"].as_u64().unwrap() + cell["width"].as_u64().unwrap() < cells["width"].as_u64().unwrap()
    );

    let compare = with(
        "compare",
        json!({
            "pictures": [{ "job": uuid(1) }, settings["content"]],
            "iterations": null, "seed": null, "size": null,
        }),
    );
    bench.made(&uuid(4), &compare).await;
    let scores = bench.get(&format!("/api/v1/jobs/{}/scores", uuid(4))).await.json();
    assert!(
        scores.to_string().contains("content.png") && !scores.to_string().contains("/data/pictures/"),
        "{scores}"
    );
}

#[tokio::test]
async fn a_batch_paints_each_content_in_each_style_and_is_one_archive() {
    let bench = Bench::new();
    let settings = bench.settings().await;
    let second = bench.upload("content.png", &picture(60, 40, 5)).await;
    let mut batch = settings.clone();
    batch["kind"] = json!("batch");
    batch["contents"] = json!([settings["content"], second]);
    batch.as_object_mut().unwrap().remove("content");
    let job = bench.made(&uuid(1), &batch).await;
    assert_eq!(job["children"], json!({ "total": 2, "done": 2, "failed": 0, "running": 0 }));
    let children = bench.get(&format!("/api/v1/jobs?parent={}", uuid(1))).await.json();
    assert_eq!(children["jobs"].as_array().unwrap().len(), 2);
    assert_eq!(
        bench.get("/api/v1/jobs").await.json()["jobs"].as_array().unwrap().len(),
        1,
        "children are not listed"
    );
    let archive = bench.get(&format!("/api/v1/jobs/{}/zip", uuid(1))).await;
    assert_eq!(archive.header("content-type"), "application/zip");
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(archive.body)).unwrap();
    let names: Vec<String> = zip.file_names().map(|name| name.unwrap().into_owned()).collect();
    assert_eq!(names.len(), 2, "equal names are told apart: {names:?}");
    let mut bytes = Vec::new();
    std::io::copy(&mut zip.by_index(0).unwrap(), &mut bytes).unwrap();
    assert!(image::load_from_memory(&bytes).is_ok());
}

#[tokio::test]
async fn jobs_are_found_by_state_words_and_stars_and_go_to_the_bin() {
    let bench = Bench::asleep();
    let settings = bench.settings().await;
    for number in 1..=5 {
        bench.json(Method::PUT, &format!("/api/v1/jobs/{}", uuid(number)), &settings).await;
    }
    let first = format!("/api/v1/jobs/{}", uuid(1));
    let edited =
        bench.json(Method::PATCH, &first, &json!({ "title": "My sea", "starred": true })).await.json();
    assert_eq!((edited["title"].as_str(), edited["starred"].as_bool()), (Some("My sea"), Some(true)));
    let listed = |query: &str| {
        let path = format!("/api/v1/jobs?{query}");
        let bench = &bench;
        async move {
            let page = bench.get(&path).await.json();
            let ids: Vec<String> = page["jobs"]
                .as_array()
                .unwrap()
                .iter()
                .map(|job| job["id"].as_str().unwrap().to_owned())
                .collect();
            (ids, page["next"].as_str().map(str::to_owned))
        }
    };
    assert_eq!(listed("q=SEA").await.0, [uuid(1)]);
    assert_eq!(listed("q=style.png%20sea").await.0, [uuid(1)]);
    assert_eq!(listed("starred=true").await.0, [uuid(1)]);
    assert_eq!(listed("state=done,failed").await.0, [] as [String; 0]);
    let (ids, next) = listed("limit=2").await;
    assert_eq!(ids, [uuid(5), uuid(4)]);
    assert_eq!(listed(&format!("limit=2&before={}", next.unwrap())).await.0, [uuid(3), uuid(2)]);
    assert_eq!(bench.get("/api/v1/jobs?state=odd").await.status, StatusCode::BAD_REQUEST);

    assert_eq!(bench.send(Method::DELETE, &first, &[], Body::empty()).await.status, StatusCode::NO_CONTENT);
    assert_eq!(listed("starred=true").await.0, [] as [String; 0]);
    assert_eq!(listed("bin=true").await.0, [uuid(1)]);
    let restored = bench.post(&format!("{first}/restore")).await.json();
    assert_eq!((restored["state"].as_str(), restored["binned"].is_null()), (Some("cancelled"), true));
    let forever = format!("{first}?forever=true");
    assert_eq!(bench.send(Method::DELETE, &forever, &[], Body::empty()).await.status, StatusCode::NO_CONTENT);
    assert_eq!(bench.get(&first).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_result_restores_its_settings() {
    let bench = Bench::new();
    let mut settings = bench.settings().await;
    settings["strength"] = json!(0.4);
    settings["styles"] = json!([{ "picture": settings["styles"][0], "scale": 0.5 }]);
    bench.made(&uuid(1), &settings).await;
    let result = bench.get(&format!("/api/v1/jobs/{}/result", uuid(1))).await.body;
    let id = bench.upload("result.png", &result).await;
    let carried = bench.get(&format!("/api/v1/pictures/{id}/settings")).await.json();
    assert_eq!(carried["settings"]["strength"].as_f64(), Some(0.4));
    assert_eq!(carried["settings"]["kind"].as_str(), Some("stylize"));
    assert_eq!(
        (carried["inputs"]["content"]["known"].as_bool(), &carried["inputs"]["content"]["sha256"]),
        (Some(true), &settings["content"])
    );
    assert_eq!(carried["inputs"]["styles"][0]["settings"]["scale"].as_f64(), Some(0.5));
    // They are settings that can be sent again, with the pictures.
    let mut again = carried["settings"].clone();
    (again["content"], again["styles"]) = (settings["content"].clone(), settings["styles"].clone());
    let second = bench.made(&uuid(2), &again).await;
    assert_eq!(second["state"].as_str(), Some("done"));
    let same = bench.get(&format!("/api/v1/jobs/{}/result", uuid(2))).await.body;
    assert!(same == result);
    let none = settings["content"].as_str().unwrap();
    assert_eq!(bench.get(&format!("/api/v1/pictures/{none}/settings")).await.status, StatusCode::NOT_FOUND);
}
