//! Repaints without a file, a clock or threads of its own: what runs where there is no system, such as in a web page.
#![allow(clippy::print_stdout)]
use impasto::{StyleTransfer, image};

const CONTENT: &[u8] = include_bytes!("../../../samples/harbour.jpg");
const STYLE: &[u8] = include_bytes!("../../../samples/swirls.jpg");
const SIZE: usize = 64;

/// Takes three steps.
pub fn run() -> Result<(), Box<dyn std::error::Error>> {
    let limits = image::Limits::default();
    let content = image::decode(CONTENT, "content", &limits)?.picture;
    let style = image::decode(STYLE, "style", &limits)?.picture;
    let mut session = StyleTransfer::new(content).style(style).size(SIZE).build()?;
    for _ in 0..3 {
        let Some(step) = session.step()? else { break };
        println!("scale {}, iteration {}: loss {:.4}", step.scale, step.iteration, step.losses.total);
    }
    let picture = session.picture()?;
    println!(
        "{} x {} pixels, of which the first is {:?}",
        picture.width(),
        picture.height(),
        picture.rgb().first()
    );
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    run()
}
