//! The sources of the kernels. Each is one file in `shaders/`, put together with the files it builds on. One constant
//! makes its variants. Kernels for matrix units are there where a card has them.
//!
//! On the way back, kernels read features: in single precision, where derivatives take their place, or kept in half
//! precision. Files that define `feature` and `from_tap` make the difference.

use crate::units::Units;

/// A kernel; [`SOURCES`] has the source of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kernel {
    Input,
    Convolve,
    ConvolveBack,
    ConvolveBackMasked,
    ConvolveBackTapped,
    FirstBack,
    PoolMax,
    PoolAverage,
    PoolL2,
    UnpoolMax,
    UnpoolAverage,
    UnpoolL2,
    Mask,
    Moments,
    Reduce,
    Residual,
    Tap,
    ResidualBack,
    WinogradWeights,
    WinogradInput,
    WinogradProduct,
    WinogradOutput,
    WinogradOutputBack,
    WinogradOutputBackMasked,
    WinogradOutputBackTapped,
    Seen,
    VariationValue,
    VariationBack,
    Through,
    Tie,
    Limit,
    Adam,
    Average,
    Enlarge,
    Keep,
    KeepChosen,
    HalfConvolveBackMasked,
    HalfConvolveBackTapped,
    HalfUnpoolMax,
    HalfUnpoolAverage,
    HalfUnpoolL2,
    HalfMask,
    HalfTap,
    HalfResidualBack,
    HalfWinogradOutputBackMasked,
    HalfWinogradOutputBackTapped,
    JudgeGather,
    JudgeProduct,
    Judge,
    JudgeSpread,
    Finite,
    WholeProduct,
    SplitWeights,
    SplitInput,
    SplitProduct16,
    SplitProduct8,
    SplitOutput,
    SplitOutputBack,
    SplitOutputBackMasked,
    SplitOutputBackTapped,
    HalfSplitOutputBackMasked,
    HalfSplitOutputBackTapped,
}

impl Kernel {
    /// The kernel that does the same, but reads features in half precision.
    pub(crate) fn in_half(self) -> Kernel {
        match self {
            Kernel::ConvolveBackMasked => Kernel::HalfConvolveBackMasked,
            Kernel::ConvolveBackTapped => Kernel::HalfConvolveBackTapped,
            Kernel::UnpoolMax => Kernel::HalfUnpoolMax,
            Kernel::UnpoolAverage => Kernel::HalfUnpoolAverage,
            Kernel::UnpoolL2 => Kernel::HalfUnpoolL2,
            Kernel::Mask => Kernel::HalfMask,
            Kernel::Tap => Kernel::HalfTap,
            Kernel::ResidualBack => Kernel::HalfResidualBack,
            Kernel::WinogradOutputBackMasked => Kernel::HalfWinogradOutputBackMasked,
            Kernel::WinogradOutputBackTapped => Kernel::HalfWinogradOutputBackTapped,
            Kernel::SplitOutputBackMasked => Kernel::HalfSplitOutputBackMasked,
            Kernel::SplitOutputBackTapped => Kernel::HalfSplitOutputBackTapped,
            // It reads no features.
            other => other,
        }
    }
}

/// The source of a kernel, the number of buffers that it only reads, and its constant.
pub(crate) struct Source {
    pub(crate) kernel: Kernel,
    pub(crate) text: Text,
    pub(crate) reads: u32,
    /// The number of buffers that it writes.
    pub(crate) writes: u32,
    pub(crate) constant: Option<(&'static str, f64)>,
    /// The kinds of matrix units that it is for; none: it is for every card.
    pub(crate) units: &'static [Units],
}

/// Files in `shaders/`, as a text.
macro_rules! wgsl {
    ($($name:literal),*) => { &[$(include_str!(concat!("shaders/", $name, ".wgsl"))),*] };
}

type Text = &'static [&'static str];

const CONVOLVE: Text = wgsl!("tile", "finish_tile", "border", "convolve", "finish_forward");
const CONVOLVE_BACK: Text = wgsl!("tile", "finish_tile", "border", "convolve", "finish_back", "in_place");
const CONVOLVE_BACK_HALF: Text =
    wgsl!("tile", "finish_tile", "border", "convolve", "finish_back", "kept", "kept_quads", "beside");
const WINOGRAD_WEIGHTS: Text = wgsl!("winograd", "winograd_weights", "winograd_weights_plain");
const WINOGRAD_INPUT: Text = wgsl!("winograd", "border", "winograd_input", "winograd_input_plain");
const SPLIT_WEIGHTS: Text = wgsl!("f16", "parts", "winograd", "winograd_weights", "winograd_weights_split");
const SPLIT_INPUT: Text =
    wgsl!("f16", "parts", "winograd", "border", "winograd_input", "winograd_input_split");
const SPLIT_16: Text = wgsl!("f16", "units", "parts", "units_16", "units_product", "units_split");
const SPLIT_8: Text = wgsl!("f16", "units", "parts", "units_8", "units_product", "units_split");
const SPLIT_OUTPUT: Text = wgsl!("winograd", "winograd_output", "winograd_output_split", "finish_forward");
const SPLIT_OUTPUT_BACK: Text =
    wgsl!("winograd", "winograd_output", "winograd_output_split", "finish_back", "in_place");
const SPLIT_OUTPUT_BACK_HALF: Text = wgsl!(
    "winograd",
    "winograd_output",
    "winograd_output_split",
    "finish_back",
    "kept",
    "kept_values",
    "beside"
);
const SPLITTING: &[Units] = &[Units::Split16, Units::Split8];
const WINOGRAD_OUTPUT: Text = wgsl!("winograd", "winograd_output", "winograd_output_plain", "finish_forward");
const WINOGRAD_OUTPUT_BACK: Text =
    wgsl!("winograd", "winograd_output", "winograd_output_plain", "finish_back", "in_place");
const WINOGRAD_OUTPUT_BACK_HALF: Text = wgsl!(
    "winograd",
    "winograd_output",
    "winograd_output_plain",
    "finish_back",
    "kept",
    "kept_values",
    "beside"
);
const POOL: Text = wgsl!("pool");
const UNPOOL: Text = wgsl!("unpool", "in_place");
const UNPOOL_HALF: Text = wgsl!("unpool", "kept", "kept_quads", "beside");
const KEEP: Text = wgsl!("kept", "keep");

const fn source(kernel: Kernel, text: Text, reads: u32) -> Source {
    Source { kernel, text, reads, writes: 1, constant: None, units: &[] }
}

const fn variant(kernel: Kernel, text: Text, reads: u32, constant: (&'static str, f64)) -> Source {
    Source { constant: Some(constant), ..source(kernel, text, reads) }
}

const fn writing(source: Source, writes: u32) -> Source {
    Source { writes, ..source }
}

const fn on(units: &'static [Units], source: Source) -> Source {
    Source { units, ..source }
}

/// The sources of all kernels.
pub(crate) const SOURCES: &[Source] = &[
    source(Kernel::Input, wgsl!("input"), 1),
    variant(Kernel::Convolve, CONVOLVE, 3, ("plain", 0.0)),
    variant(Kernel::ConvolveBack, CONVOLVE, 3, ("plain", 1.0)),
    variant(Kernel::ConvolveBackMasked, CONVOLVE_BACK, 3, ("tapped", 0.0)),
    variant(Kernel::ConvolveBackTapped, CONVOLVE_BACK, 3, ("tapped", 1.0)),
    source(Kernel::FirstBack, wgsl!("border", "first_back"), 2),
    variant(Kernel::PoolMax, POOL, 1, ("kind", 0.0)),
    variant(Kernel::PoolAverage, POOL, 1, ("kind", 1.0)),
    variant(Kernel::PoolL2, POOL, 1, ("kind", 2.0)),
    variant(Kernel::UnpoolMax, UNPOOL, 2, ("kind", 0.0)),
    variant(Kernel::UnpoolAverage, UNPOOL, 2, ("kind", 1.0)),
    variant(Kernel::UnpoolL2, UNPOOL, 2, ("kind", 2.0)),
    source(Kernel::Mask, wgsl!("mask", "in_place"), 1),
    source(Kernel::Moments, wgsl!("tile", "moments"), 2),
    source(Kernel::Reduce, wgsl!("reduce"), 1),
    source(Kernel::Residual, wgsl!("residual"), 3),
    source(Kernel::Tap, wgsl!("tile", "finish_tile", "tap", "features"), 3),
    source(Kernel::ResidualBack, wgsl!("residual_back", "features"), 3),
    source(Kernel::WinogradWeights, WINOGRAD_WEIGHTS, 1),
    source(Kernel::WinogradInput, WINOGRAD_INPUT, 1),
    source(Kernel::WinogradProduct, wgsl!("tile", "finish_tile", "winograd_product"), 2),
    variant(Kernel::WinogradOutput, WINOGRAD_OUTPUT, 2, ("plain", 0.0)),
    variant(Kernel::WinogradOutputBack, WINOGRAD_OUTPUT, 2, ("plain", 1.0)),
    variant(Kernel::WinogradOutputBackMasked, WINOGRAD_OUTPUT_BACK, 2, ("tapped", 0.0)),
    variant(Kernel::WinogradOutputBackTapped, WINOGRAD_OUTPUT_BACK, 2, ("tapped", 1.0)),
    source(Kernel::Seen, wgsl!("seen"), 2),
    source(Kernel::VariationValue, wgsl!("variation", "variation_value"), 1),
    source(Kernel::VariationBack, wgsl!("variation", "variation_back"), 1),
    writing(source(Kernel::Through, wgsl!("through"), 1), 2),
    source(Kernel::Tie, wgsl!("tie"), 1),
    writing(source(Kernel::Limit, wgsl!("limit"), 0), 2),
    writing(source(Kernel::Adam, wgsl!("adam"), 1), 4),
    writing(source(Kernel::Average, wgsl!("average"), 1), 2),
    source(Kernel::Enlarge, wgsl!("enlarge"), 1),
    variant(Kernel::Keep, KEEP, 1, ("chosen", 0.0)),
    variant(Kernel::KeepChosen, KEEP, 1, ("chosen", 1.0)),
    variant(Kernel::HalfConvolveBackMasked, CONVOLVE_BACK_HALF, 3, ("tapped", 0.0)),
    variant(Kernel::HalfConvolveBackTapped, CONVOLVE_BACK_HALF, 3, ("tapped", 1.0)),
    variant(Kernel::HalfUnpoolMax, UNPOOL_HALF, 2, ("kind", 0.0)),
    variant(Kernel::HalfUnpoolAverage, UNPOOL_HALF, 2, ("kind", 1.0)),
    variant(Kernel::HalfUnpoolL2, UNPOOL_HALF, 2, ("kind", 2.0)),
    source(Kernel::HalfMask, wgsl!("mask", "kept", "kept_quads", "beside"), 1),
    source(Kernel::HalfTap, wgsl!("tile", "finish_tile", "tap", "kept", "kept_quads"), 3),
    source(Kernel::HalfResidualBack, wgsl!("residual_back", "kept", "kept_quads"), 3),
    variant(Kernel::HalfWinogradOutputBackMasked, WINOGRAD_OUTPUT_BACK_HALF, 2, ("tapped", 0.0)),
    variant(Kernel::HalfWinogradOutputBackTapped, WINOGRAD_OUTPUT_BACK_HALF, 2, ("tapped", 1.0)),
    source(Kernel::JudgeGather, wgsl!("judge_gather"), 1),
    source(Kernel::JudgeProduct, wgsl!("judge_product"), 2),
    writing(source(Kernel::Judge, wgsl!("judge"), 2), 2),
    source(Kernel::JudgeSpread, wgsl!("judge_spread"), 1),
    source(Kernel::Finite, wgsl!("finite"), 1),
    on(&[Units::Whole], source(Kernel::WholeProduct, wgsl!("units", "units_product", "units_whole"), 2)),
    on(SPLITTING, source(Kernel::SplitWeights, SPLIT_WEIGHTS, 1)),
    on(SPLITTING, writing(source(Kernel::SplitInput, SPLIT_INPUT, 1), 2)),
    on(&[Units::Split16], source(Kernel::SplitProduct16, SPLIT_16, 2)),
    on(&[Units::Split8], source(Kernel::SplitProduct8, SPLIT_8, 2)),
    on(SPLITTING, variant(Kernel::SplitOutput, SPLIT_OUTPUT, 3, ("plain", 0.0))),
    on(SPLITTING, variant(Kernel::SplitOutputBack, SPLIT_OUTPUT, 3, ("plain", 1.0))),
    on(SPLITTING, variant(Kernel::SplitOutputBackMasked, SPLIT_OUTPUT_BACK, 3, ("tapped", 0.0))),
    on(SPLITTING, variant(Kernel::SplitOutputBackTapped, SPLIT_OUTPUT_BACK, 3, ("tapped", 1.0))),
    on(SPLITTING, variant(Kernel::HalfSplitOutputBackMasked, SPLIT_OUTPUT_BACK_HALF, 3, ("tapped", 0.0))),
    on(SPLITTING, variant(Kernel::HalfSplitOutputBackTapped, SPLIT_OUTPUT_BACK_HALF, 3, ("tapped", 1.0))),
];

/// The texts of all kernels, with their constants.
pub(crate) fn sources() -> String {
    SOURCES
        .iter()
        .flat_map(|source| [format!("{:?} {:?}", source.kernel, source.constant), source.text.concat()])
        .collect()
}
