//! How layers of each width are computed: by a rule, or by a table that a measurement made ([`GpuBackend::measured`]).
//!
//! Which way is the fastest depends on a card's caches, registers and matrix units, and not on the network. So the
//! table has one entry for each power of two from 8 to 512, and a layer takes that of the narrower of its two sides.
//!
//! [`GpuBackend::measured`]: crate::GpuBackend::measured

use std::fmt;
use std::str::FromStr;

use crate::Method;
use crate::units::Units;

/// The widths of the table.
pub(crate) const WIDTHS: [usize; 7] = [8, 16, 32, 64, 128, 256, 512];

/// A way to compute a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// A direct product.
    Direct,
    /// Winograd's transforms.
    Winograd,
    /// Winograd's transforms, with products on matrix units.
    OnUnits,
}

/// How layers of each width are computed. As text it is a letter for each width, from 8 to 512 channels: `d` for a
/// direct product, `w` for Winograd's transforms, `u` for the transforms with products on matrix units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ways(pub(crate) [Way; WIDTHS.len()]);

impl Ways {
    /// The rule without a measurement. The transforms move 18 bytes per channel and position in and out; below 64
    /// channels, that takes longer than the multiplications saved. Matrix units are used where they are on.
    pub(crate) fn rule(units: Option<Units>) -> Ways {
        let wide = if units.is_some() { Way::OnUnits } else { Way::Winograd };
        Ways(WIDTHS.map(|width| if width >= 64 { wide } else { Way::Direct }))
    }

    /// The way for a layer of these widths.
    pub(crate) fn of(&self, inputs: usize, outputs: usize) -> Way {
        let fits = WIDTHS.iter().rposition(|&width| width <= inputs.min(outputs));
        self.0[fits.unwrap_or(0)]
    }

    /// Whether some layers need matrix units.
    pub fn need_units(&self) -> bool {
        self.0.contains(&Way::OnUnits)
    }

    /// The same without matrix units.
    pub(crate) fn without_units(self) -> Ways {
        Ways(self.0.map(|way| if way == Way::OnUnits { Way::Winograd } else { way }))
    }
}

impl Way {
    /// The method and the matrix units of a layer, on a device with these units.
    pub(crate) fn with(self, units: Option<Units>) -> (Method, Option<Units>) {
        match self {
            Way::Direct => (Method::Direct, None),
            Way::Winograd => (Method::Winograd, None),
            Way::OnUnits => (Method::Winograd, units),
        }
    }
}

impl fmt::Display for Ways {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = |way: &Way| match way {
            Way::Direct => 'd',
            Way::Winograd => 'w',
            Way::OnUnits => 'u',
        };
        f.pad(&self.0.iter().map(letter).collect::<String>())
    }
}

/// The error for a text that is not a table of ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseWaysError;

impl fmt::Display for ParseWaysError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {} letters of d, w and u", WIDTHS.len())
    }
}

impl std::error::Error for ParseWaysError {}

impl FromStr for Ways {
    type Err = ParseWaysError;

    fn from_str(text: &str) -> Result<Ways, ParseWaysError> {
        let way = |letter: char| match letter {
            'd' => Ok(Way::Direct),
            'w' => Ok(Way::Winograd),
            'u' => Ok(Way::OnUnits),
            _ => Err(ParseWaysError),
        };
        let ways = text.chars().map(way).collect::<Result<Vec<Way>, ParseWaysError>>()?;
        ways.try_into().map(Ways).map_err(|_| ParseWaysError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_takes_the_way_of_its_narrower_side() {
        let ways: Ways = "dwuwuwd".parse().unwrap();
        let of = |inputs, outputs| Ways([ways.of(inputs, outputs); 7]).to_string().chars().next().unwrap();
        let widths = [
            (3, 64),
            (8, 8),
            (15, 512),
            (16, 16),
            (31, 99),
            (64, 32),
            (64, 128),
            (511, 600),
            (512, 512),
            (900, 900),
        ];
        assert_eq!(
            widths.map(|(inputs, outputs)| of(inputs, outputs)),
            ['d', 'd', 'd', 'w', 'w', 'u', 'w', 'w', 'd', 'd']
        );
    }

    #[test]
    fn ways_are_written_as_they_are_read() {
        assert_eq!(Ways::rule(None).to_string(), "dddwwww");
        assert_eq!(Ways::rule(Some(Units::Whole)).to_string(), "ddduuuu");
        for text in ["dddwwww", "uuuuuuu", "dwudwud"] {
            let ways: Ways = text.parse().unwrap();
            assert_eq!(ways.to_string(), text);
            assert_eq!(ways.without_units().to_string(), text.replace('u', "w"));
        }
        for text in ["", "dddwww", "dddwwwww", "dddwwwx", "DDDWWWW"] {
            assert_eq!(text.parse::<Ways>(), Err(ParseWaysError), "{text}");
        }
    }
}
