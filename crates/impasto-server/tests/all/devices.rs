//! Devices: listed as the command lists them, and refused by name.

use serde_json::json;

use crate::common::{Bench, uuid};

#[tokio::test]
async fn devices_are_listed_and_a_job_may_name_one() {
    let bench = Bench::new();
    let devices = bench.get("/api/v1/devices").await.json();
    let processor = &devices[0];
    assert_eq!((processor["name"].as_str(), processor["kind"].as_str()), (Some("cpu"), Some("processor")));
    let expected = json!({
        "name": "cpu", "model": processor["model"], "kind": "processor", "api": null, "driver": null,
        "largest_buffer_bytes": null, "largest_binding_bytes": null, "matrix_units": null, "auto_may_take_it": true,
    });
    assert_eq!(*processor, expected);
    let mut settings = bench.settings().await;
    settings["device"] = json!("cpu");
    bench.made(&uuid(1), &settings).await;
    settings["device"] = json!("abacus");
    bench.accepted(&uuid(2), &settings).await;
    let failed = bench.until(&uuid(2), &["failed"]).await;
    assert!(failed["error"]["detail"].as_str().unwrap().contains("abacus"), "{failed}");
}
