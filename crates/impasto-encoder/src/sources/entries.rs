//! The catalogue: publishers, addresses, licences and hashes of the weights.
//!
//! Two trainings of VGG-19 are in circulation. Oxford's (Simonyan and Zisserman, arXiv:1409.1556) came as a Caffe model
//! and was converted to everything; Gatys, Caffe, Keras and jcjohnson's programs use it. torchvision trained the
//! network anew. The normalised one is Oxford's with every filter scaled to a mean activation of 1.
//!
//! Small files with a published hash come first, then other files served over https, then the rest. A file is left out
//! if it has no hash and anybody could replace it, for example in an abandoned storage bucket.

use super::catalogue::{Digest, Model, Needed, Place, Size, WeightFile};
use crate::Family;

const VGG19: &[&[usize]] = &[&[64; 2], &[128; 2], &[256; 4], &[512; 4], &[512; 4]];
const VGG16: &[&[usize]] = &[&[64; 2], &[128; 2], &[256; 3], &[512; 3], &[512; 3]];

/// The models that can be found and fetched by name.
pub fn catalogue() -> &'static [Model] {
    CATALOGUE
}

static CATALOGUE: &[Model] = &[
    Model {
        name: "vgg19",
        about: "VGG-19 as torchvision trained it; PyTorch programs use it",
        family: Family::Vgg19,
        widths: VGG19,
        files: &[
            WeightFile {
                name: "vgg19.tv_in1k.safetensors",
                addresses: &["https://huggingface.co/timm/vgg19.tv_in1k/resolve/main/model.safetensors"],
                places: &[Place::HuggingFace { repository: "timm/vgg19.tv_in1k", file: "model.safetensors" }],
                size: Size::About(574_680_000),
                digest: Some(Digest::Sha256(
                    "11aea017b543ff59233749d8f1cf544cda749378f5790d2fedab841fb86b7669",
                )),
                needed: Needed::Convolutions,
                publisher: "timm",
            },
            WeightFile {
                name: "vgg19-dcbb9e9d.pth",
                addresses: &["https://download.pytorch.org/models/vgg19-dcbb9e9d.pth"],
                places: &[Place::Torch("vgg19-dcbb9e9d.pth")],
                size: Size::Exact(574_673_361),
                digest: Some(Digest::Sha256(
                    "dcbb9e9dad569fff7a846263a77324fc34978fea2bfb039c012d710e1776ae44",
                )),
                needed: Needed::Whole,
                publisher: "torchvision",
            },
        ],
    },
    Model {
        name: "vgg19-oxford",
        about: "VGG-19 as its authors trained it; Gatys, Caffe, Keras and jcjohnson's programs use it",
        family: Family::Vgg19Oxford,
        widths: VGG19,
        files: &[
            WeightFile {
                name: "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5",
                addresses: &[
                    "https://storage.googleapis.com/tensorflow/keras-applications/vgg19/vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5",
                ],
                places: &[Place::Keras("vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5")],
                size: Size::Exact(80_134_624),
                digest: Some(Digest::Md5("253f8cb515780f3b799900260a226db6")),
                needed: Needed::Whole,
                publisher: "Keras",
            },
            WeightFile {
                // No hash is published, so the address names a revision, and the content must identify the training.
                name: "imagenet-vgg-verydeep-19-conv.safetensors",
                addresses: &[
                    "https://huggingface.co/AntResearch/4DAnyone/resolve/7850985888b56aabf09e69480b73248f1a76bcbe/perceptual/imagenet-vgg-verydeep-19-conv.safetensors",
                ],
                places: &[Place::HuggingFace {
                    repository: "AntResearch/4DAnyone",
                    file: "perceptual/imagenet-vgg-verydeep-19-conv.safetensors",
                }],
                size: Size::About(61_220_000),
                digest: None,
                needed: Needed::Whole,
                publisher: "AntResearch",
            },
            WeightFile {
                name: "imagenet-vgg-verydeep-19.mat",
                addresses: &["https://www.vlfeat.org/matconvnet/models/imagenet-vgg-verydeep-19.mat"],
                places: &[],
                size: Size::Exact(534_904_783),
                digest: Some(Digest::Md5("106118b7cf60435e6d8e04f6a6dc3657")),
                needed: Needed::Whole,
                publisher: "MatConvNet",
            },
            WeightFile {
                name: "VGG_ILSVRC_19_layers.caffemodel",
                addresses: &[
                    "http://www.robots.ox.ac.uk/~vgg/software/very_deep/caffe/VGG_ILSVRC_19_layers.caffemodel",
                ],
                places: &[],
                size: Size::Exact(574_671_192),
                digest: Some(Digest::Md5("b5c644beabd7cf06bdd9065cfd674c97")),
                needed: Needed::Whole,
                publisher: "Visual Geometry Group, Oxford",
            },
            WeightFile {
                name: "vgg19-d01eb7cb.pth",
                addresses: &["https://web.eecs.umich.edu/~justincj/models/vgg19-d01eb7cb.pth"],
                places: &[],
                size: Size::About(574_680_000),
                digest: Some(Digest::Sha256("d01eb7cb")),
                needed: Needed::Whole,
                publisher: "Justin Johnson",
            },
            WeightFile {
                // Used only where it is found: it is too large to fetch for its convolutions alone.
                name: "vgg19_weights_tf_dim_ordering_tf_kernels.h5",
                addresses: &[],
                places: &[Place::Keras("vgg19_weights_tf_dim_ordering_tf_kernels.h5")],
                size: Size::Exact(574_710_816),
                digest: Some(Digest::Md5("cbe5617147190e668d6c5d5026f83318")),
                needed: Needed::Whole,
                publisher: "Keras",
            },
        ],
    },
    Model {
        name: "vgg16",
        about: "VGG-16 as torchvision trained it",
        family: Family::Vgg16,
        widths: VGG16,
        files: &[
            WeightFile {
                name: "vgg16.tv_in1k.safetensors",
                addresses: &["https://huggingface.co/timm/vgg16.tv_in1k/resolve/main/model.safetensors"],
                places: &[Place::HuggingFace { repository: "timm/vgg16.tv_in1k", file: "model.safetensors" }],
                size: Size::About(553_440_000),
                digest: Some(Digest::Sha256(
                    "57b026918159a6bf9faf8405c3a551903768e7138989d9c6224a14227203fad8",
                )),
                needed: Needed::Convolutions,
                publisher: "timm",
            },
            WeightFile {
                name: "vgg16-397923af.pth",
                addresses: &["https://download.pytorch.org/models/vgg16-397923af.pth"],
                places: &[Place::Torch("vgg16-397923af.pth")],
                size: Size::About(553_433_881),
                digest: Some(Digest::Sha256(
                    "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
                )),
                needed: Needed::Whole,
                publisher: "torchvision",
            },
        ],
    },
    Model {
        name: "vgg16-oxford",
        about: "VGG-16 as its authors trained it; Caffe and Keras programs use it",
        family: Family::Vgg16Oxford,
        widths: VGG16,
        files: &[
            WeightFile {
                name: "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
                addresses: &[
                    "https://storage.googleapis.com/tensorflow/keras-applications/vgg16/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
                ],
                places: &[Place::Keras("vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5")],
                size: Size::Exact(58_889_256),
                digest: Some(Digest::Md5("6d6bbae143d832006294945121d1f1fc")),
                needed: Needed::Whole,
                publisher: "Keras",
            },
            WeightFile {
                name: "imagenet-vgg-verydeep-16.mat",
                addresses: &["https://www.vlfeat.org/matconvnet/models/imagenet-vgg-verydeep-16.mat"],
                places: &[],
                size: Size::AtMost(560_000_000),
                digest: Some(Digest::Md5("f72d927587ca4c97fbd165ec9cb9997f")),
                needed: Needed::Whole,
                publisher: "MatConvNet",
            },
            WeightFile {
                name: "vgg16-00b39a1b.pth",
                addresses: &["https://web.eecs.umich.edu/~justincj/models/vgg16-00b39a1b.pth"],
                places: &[],
                size: Size::About(553_440_000),
                digest: Some(Digest::Sha256("00b39a1b")),
                needed: Needed::Whole,
                publisher: "Justin Johnson",
            },
            WeightFile {
                name: "vgg16_weights_tf_dim_ordering_tf_kernels.h5",
                addresses: &[],
                places: &[Place::Keras("vgg16_weights_tf_dim_ordering_tf_kernels.h5")],
                size: Size::About(553_467_096),
                digest: Some(Digest::Md5("64373286793e3c8b2b4e3219cbf3544b")),
                needed: Needed::Whole,
                publisher: "Keras",
            },
        ],
    },
    Model {
        name: "vgg19-normalised",
        about: "vgg19-oxford with filters scaled to a mean activation of 1; AdaIN and similar methods use it",
        family: Family::Vgg19Normalised,
        widths: VGG19,
        files: &[
            WeightFile {
                name: "vgg_normalised.pth",
                addresses: &[
                    "https://github.com/naoto0804/pytorch-AdaIN/releases/download/v0.0.0/vgg_normalised.pth",
                ],
                places: &[],
                size: Size::About(80_110_000),
                digest: Some(Digest::Sha256(
                    "804ca2835ecf7539f0cd2a7ac3c18ce81e6f8468969ae7117ac0c148d286bb4a",
                )),
                needed: Needed::Whole,
                publisher: "Naoto Inoue (pytorch-AdaIN)",
            },
            WeightFile {
                name: "vgg19_normalised.npz",
                addresses: &["https://s3-us-west-2.amazonaws.com/wengaoye/vgg19_normalised.npz"],
                places: &[],
                size: Size::AtMost(90_000_000),
                digest: Some(Digest::Md5("c5c961738b134ffe206e0a552c728aea")),
                needed: Needed::Whole,
                publisher: "wengaoye",
            },
        ],
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_tables_are_well_formed() {
        let mut names = BTreeSet::new();
        for model in catalogue() {
            assert!(model.first_choice().is_some(), "{}", model.name);
            for file in model.files {
                assert!(names.insert(file.name), "{} twice", file.name);
                assert!(!file.addresses.is_empty() || !file.places.is_empty(), "{}", file.name);
                let digits = |text: &str, lengths: &[usize]| {
                    lengths.contains(&text.len()) && text.bytes().all(|b| b"0123456789abcdef".contains(&b))
                };
                match file.digest {
                    Some(Digest::Sha256(text)) => assert!(digits(text, &[8, 64]), "{}", file.name),
                    Some(Digest::Md5(text)) => assert!(digits(text, &[32]), "{}", file.name),
                    None => {}
                }
                // A file without a digest must at least come over https.
                if file.digest.is_none() {
                    assert!(file.addresses.iter().all(|url| url.starts_with("https://")), "{}", file.name);
                }
            }
        }
    }

    #[test]
    fn the_convolutions_are_as_large_as_counted_by_hand() {
        let [nineteen, .., sixteen] = ["vgg19", "vgg16"]
            .map(|name| catalogue().iter().find(|model| model.name == name).map(Model::convolution_bytes));
        // 20,024,384 and 14,714,688 parameters without the classifier, as Keras prints them for include_top=False.
        assert_eq!((nineteen, sixteen), (Some(4 * 20_024_384), Some(4 * 14_714_688)));
    }
}
