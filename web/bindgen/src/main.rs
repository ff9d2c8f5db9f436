//! Makes the JavaScript that calls a module, as wasm-bindgen's own tool does. That one brings a browser's driver and an
//! HTTP client; this is its library alone.
//!
//! `impasto-bindgen MODULE FOLDER` writes into the folder.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [module, folder] = arguments.as_slice() else {
        return Err("expected a module and a folder".into());
    };
    wasm_bindgen_cli_support::Bindgen::new()
        .input_path(module)
        .web(true)?
        .typescript(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(folder)?;
    Ok(())
}
