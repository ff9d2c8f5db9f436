//! The places of models on this machine, and the permission to fetch them. The environment variables are read once.
//! Folders are those that the other programs document: `TORCH_HOME` (torch.hub), `HF_HUB_CACHE` and `HF_HOME`
//! (huggingface_hub), `KERAS_HOME` (Keras). They are read, and never written to.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use super::catalogue::{Place, WeightFile};

/// Base of the addresses that `HF_ENDPOINT` replaces.
const HUGGING_FACE: &str = "https://huggingface.co/";

/// The surroundings of a process. Tests make their own.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// Our own cache; its folder `models` holds converted models. `None` when there is no home folder either.
    pub cache: Option<PathBuf>,
    /// Folders of `torch.hub`.
    pub torch: Vec<PathBuf>,
    /// Folder of Hugging Face's repositories.
    pub hugging_face: Option<PathBuf>,
    /// Folder of Keras's models.
    pub keras: Option<PathBuf>,
    /// Base of all addresses, which replaces the published ones (`IMPASTO_MODELS_URL`).
    pub models_url: Option<String>,
    /// Replaces `https://huggingface.co` (`HF_ENDPOINT`).
    pub hugging_face_endpoint: Option<String>,
    /// The name of the variable or option that forbids the network; `None` when nothing does.
    pub offline: Option<String>,
}

impl Environment {
    /// The environment that the variables of this process describe.
    pub fn of_process() -> Environment {
        let strategy = etcetera::choose_base_strategy().ok();
        let home = strategy.as_ref().map(|strategy| strategy.home_dir().to_owned());
        let cache = strategy.as_ref().map(BaseStrategy::cache_dir);
        Environment::from_variables(|name| std::env::var_os(name), home.as_deref(), cache.as_deref())
    }

    /// The environment that the variables from `get` describe, with the user's home folder and the platform's cache
    /// folder.
    pub fn from_variables(
        get: impl Fn(&str) -> Option<OsString>,
        home: Option<&Path>,
        cache: Option<&Path>,
    ) -> Environment {
        // An empty variable counts as unset.
        let get = |name: &str| get(name).filter(|value| !value.is_empty());
        let folder = |name: &str| {
            let value = get(name)?;
            Some(match (Path::new(&value).strip_prefix("~"), home) {
                (Ok(rest), Some(home)) => home.join(rest),
                _ => PathBuf::from(value),
            })
        };
        let text = |name: &str| get(name)?.into_string().ok();
        // The other programs use it on every system, even if the platform has another folder for caches.
        let xdg = folder("XDG_CACHE_HOME").or_else(|| Some(home?.join(".cache")));
        let under = |base: &Option<PathBuf>, rest: &str| base.as_ref().map(|base| base.join(rest));

        let torch_home = folder("TORCH_HOME").or_else(|| under(&xdg, "torch"));
        let torch = [under(&torch_home, "hub/checkpoints"), home.map(|home| home.join(".torch/models"))];
        let hugging_face = folder("HF_HUB_CACHE")
            .or_else(|| folder("HUGGINGFACE_HUB_CACHE"))
            .or_else(|| under(&folder("HF_HOME"), "hub"))
            .or_else(|| under(&xdg, "huggingface/hub"));
        let keras = folder("KERAS_HOME").or_else(|| Some(home?.join(".keras")));
        let says_yes = |name: &&str| {
            text(name).is_some_and(|value| {
                !["0", "false", "no", "off"].contains(&value.to_ascii_lowercase().as_str())
            })
        };
        Environment {
            cache: folder("IMPASTO_CACHE").or_else(|| Some(cache?.join("impasto"))),
            torch: torch.into_iter().flatten().collect(),
            hugging_face,
            keras: under(&keras, "models"),
            models_url: text("IMPASTO_MODELS_URL"),
            hugging_face_endpoint: text("HF_ENDPOINT"),
            offline: ["IMPASTO_OFFLINE", "HF_HUB_OFFLINE"].into_iter().find(says_yes).map(str::to_string),
        }
    }

    /// Folder of our own models.
    pub fn models(&self) -> Option<PathBuf> {
        Some(self.cache.as_ref()?.join("models"))
    }

    /// [`addresses`](Environment::addresses) in a form that may be shown, without credentials.
    pub fn shown_addresses(&self, file: &WeightFile) -> Vec<String> {
        self.addresses(file).iter().map(|address| super::advice::without_credentials(address)).collect()
    }

    /// The addresses of a file, in the order in which to try them.
    pub fn addresses(&self, file: &WeightFile) -> Vec<String> {
        if let Some(base) = self.models_url.as_ref().filter(|_| !file.addresses.is_empty()) {
            return vec![format!("{}/{}", base.trim_end_matches('/'), file.name)];
        }
        let endpoint = self.hugging_face_endpoint.as_ref().map(|endpoint| endpoint.trim_end_matches('/'));
        let address = |published: &&str| match (endpoint, published.strip_prefix(HUGGING_FACE)) {
            (Some(endpoint), Some(rest)) => format!("{endpoint}/{rest}"),
            _ => published.to_string(),
        };
        file.addresses.iter().map(address).collect()
    }

    /// Paths at which other programs would keep a file, each with the name of the cache.
    pub(super) fn places(&self, file: &WeightFile) -> Vec<(&'static str, PathBuf)> {
        let mut paths = Vec::new();
        for place in file.places {
            match place {
                Place::Torch(name) => {
                    paths.extend(self.torch.iter().map(|folder| ("torch", folder.join(name))))
                }
                Place::HuggingFace { repository, file } => {
                    let repository = format!("models--{}", repository.replace('/', "--"));
                    let base = self.hugging_face.iter().map(|folder| folder.join(&repository));
                    let files = base.flat_map(|base| snapshots(&base)).map(|snapshot| snapshot.join(file));
                    paths.extend(files.map(|path| ("Hugging Face", path)));
                }
                Place::Keras(name) => {
                    paths.extend(self.keras.iter().map(|keras| ("Keras", keras.join(name))))
                }
            }
        }
        paths
    }

    /// The folders that are searched, for messages.
    pub fn folders(&self) -> Vec<PathBuf> {
        let others = self.torch.iter().chain(&self.hugging_face).chain(&self.keras).cloned();
        self.models().into_iter().chain(others).collect()
    }
}

/// Snapshots of a repository: that of `main` first, then the others by name.
fn snapshots(repository: &Path) -> Vec<PathBuf> {
    let folder = repository.join("snapshots");
    let main = std::fs::read_to_string(repository.join("refs/main")).unwrap_or_default();
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    let is_main = |path: &PathBuf| path.file_name().is_some_and(|name| name == main.trim());
    found.sort_by_key(|path| (!is_main(path), path.clone()));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::catalogue;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        let get = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
        };
        Environment::from_variables(get, Some(Path::new("/home/ann")), Some(Path::new("/home/ann/caches")))
    }

    #[test]
    fn folders_are_those_that_the_programs_document() {
        let plain = environment(&[]);
        assert_eq!(plain.models().unwrap(), Path::new("/home/ann/caches/impasto/models"));
        assert_eq!(plain.torch[0], Path::new("/home/ann/.cache/torch/hub/checkpoints"));
        assert_eq!(plain.hugging_face.unwrap(), Path::new("/home/ann/.cache/huggingface/hub"));
        assert_eq!(plain.keras.unwrap(), Path::new("/home/ann/.keras/models"));
        let xdg = environment(&[("XDG_CACHE_HOME", "/x"), ("HF_HOME", "")]);
        assert_eq!(xdg.torch[0], Path::new("/x/torch/hub/checkpoints"));
        assert_eq!(xdg.hugging_face.unwrap(), Path::new("/x/huggingface/hub"));
        let set = environment(&[
            ("IMPASTO_CACHE", "/i"),
            ("TORCH_HOME", "~/t"),
            ("HF_HOME", "/h"),
            ("KERAS_HOME", "/k"),
            ("XDG_CACHE_HOME", "/x"),
        ]);
        assert_eq!(set.models().unwrap(), Path::new("/i/models"));
        assert_eq!(set.torch[0], Path::new("/home/ann/t/hub/checkpoints"));
        assert_eq!(set.hugging_face.unwrap(), Path::new("/h/hub"));
        assert_eq!(set.keras.unwrap(), Path::new("/k/models"));
        let older = [("HUGGINGFACE_HUB_CACHE", "/o"), ("HF_HOME", "/h")];
        assert_eq!(environment(&older).hugging_face.unwrap(), Path::new("/o"));
        let both = [("HF_HUB_CACHE", "/n"), ("HUGGINGFACE_HUB_CACHE", "/o")];
        assert_eq!(environment(&both).hugging_face.unwrap(), Path::new("/n"));
    }

    #[test]
    fn the_network_is_forbidden_by_either_variable() {
        assert_eq!(environment(&[]).offline, None);
        for name in ["IMPASTO_OFFLINE", "HF_HUB_OFFLINE"] {
            for yes in ["1", "true", "YES", "on"] {
                assert_eq!(environment(&[(name, yes)]).offline.as_deref(), Some(name), "{yes}");
            }
            for no in ["", "0", "false", "No", "OFF"] {
                assert_eq!(environment(&[(name, no)]).offline, None, "{no}");
            }
        }
    }

    #[test]
    fn addresses_can_be_moved() {
        let [of_timm, of_torch, ..] = catalogue()[0].files else { panic!("two files") };
        let plain = environment(&[]);
        assert_eq!(
            plain.addresses(of_timm),
            ["https://huggingface.co/timm/vgg19.tv_in1k/resolve/main/model.safetensors"]
        );
        let mirror = environment(&[("HF_ENDPOINT", "https://mirror.example/hf/")]);
        assert_eq!(
            mirror.addresses(of_timm),
            ["https://mirror.example/hf/timm/vgg19.tv_in1k/resolve/main/model.safetensors"]
        );
        assert_eq!(mirror.addresses(of_torch), plain.addresses(of_torch));
        let own = environment(&[("IMPASTO_MODELS_URL", "http://intra/w"), ("HF_ENDPOINT", "https://m")]);
        assert_eq!(own.addresses(of_timm), ["http://intra/w/vgg19.tv_in1k.safetensors"]);
        assert_eq!(own.addresses(of_torch), ["http://intra/w/vgg19-dcbb9e9d.pth"]);
    }
}
