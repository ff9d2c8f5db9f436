//! The names of settings in messages. A front end replaces them with its own spelling.

use std::fmt;

macro_rules! settings {
    ($($variant:ident $name:literal,)*) => {
        /// A setting, as errors and hints name it. A message has it in backquotes: `` `style_scale` ``.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        #[allow(missing_docs)] // the names explain themselves; the setters have the documentation
        pub enum Setting {
            $($variant,)*
        }

        impl Setting {
            /// All settings, sorted by name.
            pub const ALL: &'static [Setting] = &[$(Setting::$variant,)*];

            /// The name: lower-case words joined by underscores.
            pub fn name(self) -> &'static str {
                match self {
                    $(Setting::$variant => $name,)*
                }
            }
        }
    };
}

settings! {
    AverageDecay "average_decay",
    Colour "colour",
    ColourMap "colour_map",
    ContentLayers "content_layers",
    ContentWeight "content_weight",
    Device "device",
    Effort "effort",
    Feather "feather",
    FirstIterations "first_iterations",
    Half "half",
    History "history",
    Init "init",
    Iterations "iterations",
    Keep "keep",
    Layers "layers",
    LearningRate "learning_rate",
    Mask "mask",
    Memory "memory",
    MinSize "min_size",
    Plateau "plateau",
    Protect "protect",
    RefereeModel "referee_model",
    Resize "resize",
    Rest "rest",
    Size "size",
    Statistic "statistic",
    Strength "strength",
    StrokeSize "stroke_size",
    StyleLayerWeights "style_layer_weights",
    StyleLayers "style_layers",
    StyleScale "style_scale",
    StyleWeight "style_weight",
    StyleWeights "style_weights",
    Threads "threads",
    Time "time",
    TvWeight "tv_weight",
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.name())
    }
}

impl Setting {
    /// Replaces every setting in a message with another spelling, such as `--style-scale` on a command line.
    ///
    /// ```
    /// # use impasto::Setting;
    /// let option = |setting: Setting| format!("--{}", setting.name().replace('_', "-"));
    /// let spelled = Setting::spell("`min_size`: expected `size` or less", option);
    /// assert_eq!(spelled, "--min-size: expected --size or less");
    /// ```
    pub fn spell(message: &str, spelling: impl Fn(Setting) -> String) -> String {
        let mut spelled = String::with_capacity(message.len());
        let mut rest = message;
        while let Some((before, after)) = rest.split_once('`') {
            spelled.push_str(before);
            let named = Setting::ALL.iter().find_map(|setting| {
                let after = after.strip_prefix(setting.name())?.strip_prefix('`')?;
                Some((*setting, after))
            });
            rest = match named {
                Some((setting, after)) => {
                    spelled.push_str(&spelling(setting));
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_spelled_and_nothing_else_is() {
        let loud = |setting: Setting| setting.name().to_uppercase();
        for (message, expected) in [
            ("`size`: expected 1, found 0", "SIZE: expected 1, found 0"),
            ("`style_scale` or `style_scales` of `a`b`", "STYLE_SCALE or `style_scales` of `a`b`"),
            ("``size``, `size", "`SIZE`, `size"),
            ("", ""),
        ] {
            assert_eq!(Setting::spell(message, loud), expected);
        }
        let every: String = Setting::ALL.iter().map(Setting::to_string).collect();
        assert_eq!(Setting::spell(&every, |_| String::new()), "");
    }
}
