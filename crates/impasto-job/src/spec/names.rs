//! The names of options in messages. Each face (front end) spells them in its own way.

use impasto::Setting;

/// Options of jobs that are not settings of the library.
const NAMES: &[&str] = &[
    "boil",
    "cell",
    "checkpoint",
    "checkpoint_every",
    "codec",
    "content",
    "crf",
    "cuts",
    "depth",
    "every",
    "folder",
    "format",
    "fps",
    "from",
    "hold",
    "html",
    "input",
    "jobs",
    "join",
    "keep_frames",
    "keep_gps",
    "like",
    "limits",
    "loop",
    "match_shots",
    "model",
    "name",
    "no_checkpoint",
    "no_cuts",
    "no_metadata",
    "no_sound",
    "optimizer",
    "output",
    "plot",
    "pooling",
    "preset",
    "profile",
    "quality",
    "report",
    "save_every",
    "seamless",
    "seed",
    "shard",
    "style",
    "timelapse",
    "tone_map",
    "triptych",
    "vary",
];

/// Returns the message with every option name spelled another way, such as `--save-every` on a command line. In the
/// messages of jobs and of the library, an option name stands in backquotes: `` `save_every` ``.
///
/// ```
/// let option = |name: &str| format!("--{}", name.replace('_', "-"));
/// assert_eq!(impasto_job::spell("`save_every`: expected `size`", option), "--save-every: expected --size");
/// ```
pub fn spell(message: &str, spelling: impl Fn(&str) -> String) -> String {
    let mut spelled = String::with_capacity(message.len());
    let mut rest = message;
    while let Some((before, after)) = rest.split_once('`') {
        spelled.push_str(before);
        let named = all().find_map(|name| Some((name, after.strip_prefix(name)?.strip_prefix('`')?)));
        rest = match named {
            Some((name, after)) => {
                spelled.push_str(&spelling(name));
                after
            }
            None => {
                spelled.push('`');
                after
            }
        };
    }
    spelled + rest
}

fn all() -> impl Iterator<Item = &'static str> {
    NAMES.iter().copied().chain(Setting::ALL.iter().map(|setting| setting.name()))
}
