//! Matrix units: the parts of a card that multiply small matrices at once (tensor cores, by another name).
//!
//! wgpu 30 has them as an experiment. Two kinds are of use. Those that take single precision ([`Units::Whole`]) compute
//! what other kernels compute. Those that take half precision ([`Units::Split`]) get each number in two parts, and
//! compute three products instead of one (Ootomo and Yokota, "Recovering single precision accuracy from Tensor Cores
//! while surpassing the FP32 theoretical peak performance", 2022, arXiv:2203.03341). Sums are in single precision with
//! both.

use std::fmt;

use wgpu::{CooperativeMatrixProperties, CooperativeScalarType as Scalar, Features};

/// The kind of a card's matrix units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Units {
    /// Products of 8x8 in single precision: Apple's.
    Whole,
    /// Products in half precision with sums in single precision, of 16x16: those of NVIDIA and AMD.
    Split16,
    /// Products as in `Split16`, of 8x8: those of Mesa's llvmpipe.
    Split8,
}

impl Units {
    /// The best kind that an adapter offers.
    pub(crate) fn of(adapter: &wgpu::Adapter) -> Option<Units> {
        let limits = adapter.limits();
        if limits.max_compute_invocations_per_workgroup < 128 || limits.max_compute_workgroup_size_x < 128 {
            return None;
        }
        let has = adapter.features();
        Units::among(&adapter.cooperative_matrix_properties()).find(|units| has.contains(units.features()))
    }

    /// The kinds among the sizes and types that a driver lists, the best first. WGSL's types are square.
    fn among(listed: &[CooperativeMatrixProperties]) -> impl Iterator<Item = Units> + '_ {
        let offers = |side: u32, operands: Scalar| {
            let fits = move |properties: &CooperativeMatrixProperties| {
                [properties.m_size, properties.n_size, properties.k_size] == [side; 3]
                    && (properties.ab_type, properties.cr_type) == (operands, Scalar::F32)
                    && !properties.saturating_accumulation
            };
            listed.iter().any(fits)
        };
        [(Units::Whole, 8, Scalar::F32), (Units::Split16, 16, Scalar::F16), (Units::Split8, 8, Scalar::F16)]
            .into_iter()
            .filter_map(move |(units, side, operands)| offers(side, operands).then_some(units))
    }

    /// The features that their kernels need.
    pub(crate) fn features(self) -> Features {
        let all = Features::EXPERIMENTAL_COOPERATIVE_MATRIX | Features::SUBGROUP;
        if self.splits() { all | Features::SHADER_F16 } else { all }
    }

    /// Whether numbers are taken in two parts, with a scale.
    pub(crate) fn splits(self) -> bool {
        self != Units::Whole
    }

    /// Whether they are used unless something else is said. Split units compute three products for one, so they pay
    /// only on some cards. A measurement decides.
    pub(crate) fn by_default(self) -> bool {
        !self.splits()
    }
}

impl fmt::Display for Units {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Units::Whole => "f32 8x8",
            Units::Split16 => "f16 16x16, in two parts",
            Units::Split8 => "f16 8x8, in two parts",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(side: u32, ab_type: Scalar, cr_type: Scalar) -> CooperativeMatrixProperties {
        let [m_size, n_size, k_size] = [side; 3];
        CooperativeMatrixProperties {
            m_size,
            n_size,
            k_size,
            ab_type,
            cr_type,
            saturating_accumulation: false,
        }
    }

    #[test]
    fn single_precision_is_preferred_and_sums_are_never_in_half() {
        let best = |all: &[CooperativeMatrixProperties]| Units::among(all).next();
        let (half, large) = (listed(8, Scalar::F16, Scalar::F32), listed(16, Scalar::F16, Scalar::F32));
        let single = listed(8, Scalar::F32, Scalar::F32);
        assert_eq!(best(&[half, large, single]), Some(Units::Whole));
        assert_eq!(best(&[half, large]), Some(Units::Split16));
        assert_eq!(best(&[half]), Some(Units::Split8));
        let long = CooperativeMatrixProperties { k_size: 8, ..large };
        let cut = CooperativeMatrixProperties { saturating_accumulation: true, ..large };
        let wrong = [
            listed(16, Scalar::F16, Scalar::F16),
            listed(16, Scalar::F32, Scalar::F32),
            listed(8, Scalar::I32, Scalar::I32),
            long,
            cut,
        ];
        assert_eq!(best(&wrong), None);
    }
}
