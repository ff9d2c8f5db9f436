//! Sums and derivatives as plain vectors of f64, in which form they travel and are added.
//!
//! All numbers of an observation are sums, so vectors of blocks are added element by element. Second moments are
//! symmetric: only their upper triangles are written, which halves the numbers.

use impasto_encoder::Topology;
use impasto_engine::{Cotangents, Moments, MomentsCotangent, Observation, Residual};

use crate::objective::{layers, pixel_terms, style_taps};
use crate::{Error, Recipe};

/// The parts of a vector of sums.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Form {
    /// Channels of the style taps.
    style: Vec<usize>,
    regions: usize,
    /// Channels of the content taps.
    content: Vec<usize>,
    /// Number of terms on the pixels.
    terms: usize,
}

impl Form {
    pub(super) fn new(recipe: &Recipe, topology: &Topology, regions: usize) -> Result<Form, Error> {
        let style = style_taps(recipe, topology)?;
        let content = layers(topology, &recipe.content_layers)?;
        Ok(Form {
            style: style.into_iter().map(|tap| topology.channels(tap)).collect(),
            regions,
            content: content.into_iter().map(|(tap, ..)| topology.channels(tap)).collect(),
            terms: pixel_terms(recipe).len(),
        })
    }

    /// The form of the content's own sums, which have neither residuals nor terms.
    pub(super) fn of_content(&self) -> Form {
        Form { content: Vec::new(), terms: 0, ..self.clone() }
    }

    /// An observation, with the values of the terms on the pixels.
    pub(super) fn write(seen: &Observation, terms: &[f64]) -> Vec<f64> {
        let mut to = Vec::new();
        for Moments { weight, first, second } in seen.moments.iter().flatten() {
            to.push(*weight);
            to.extend_from_slice(first);
            write_triangle(second, first.len(), &mut to);
        }
        seen.residuals.iter().for_each(|residual| to.extend([residual.weight, residual.sum]));
        to.extend_from_slice(terms);
        to
    }

    /// The reverse of [`write`](Form::write).
    pub(super) fn read(&self, from: &[f64]) -> Result<(Observation, Vec<f64>), Error> {
        let mut from = Numbers(from);
        let mut moments = Vec::with_capacity(self.style.len());
        for &channels in &self.style {
            let mut region = || {
                let (weight, first) = (from.take(1)?[0], from.take(channels)?.to_vec());
                Ok(Moments { weight, first, second: from.triangle(channels)? })
            };
            moments.push((0..self.regions).map(|_| region()).collect::<Result<_, Error>>()?);
        }
        let residual = |&channels: &usize| {
            let pair = from.take(2)?;
            Ok(Residual { weight: pair[0], channels, sum: pair[1] })
        };
        let residuals = self.content.iter().map(residual).collect::<Result<_, Error>>()?;
        let terms = from.take(self.terms)?.to_vec();
        from.end()?;
        Ok((Observation { moments, residuals, features: Vec::new() }, terms))
    }

    /// Derivatives by the sums.
    pub(super) fn write_cotangents(by: &Cotangents) -> Vec<f64> {
        let mut to = Vec::new();
        for MomentsCotangent { first, second } in by.moments.iter().flatten() {
            to.extend_from_slice(first);
            write_triangle(second, first.len(), &mut to);
        }
        to.extend_from_slice(&by.residuals);
        to
    }

    /// The reverse of [`write_cotangents`](Form::write_cotangents).
    pub(super) fn read_cotangents(&self, from: &[f64]) -> Result<Cotangents, Error> {
        let mut from = Numbers(from);
        let mut moments = Vec::with_capacity(self.style.len());
        for &channels in &self.style {
            let mut region = || {
                let first = from.take(channels)?.to_vec();
                Ok(MomentsCotangent { first, second: from.triangle(channels)? })
            };
            moments.push((0..self.regions).map(|_| region()).collect::<Result<_, Error>>()?);
        }
        let residuals = from.take(self.content.len())?.to_vec();
        from.end()?;
        Ok(Cotangents { moments, residuals, features: Vec::new() })
    }
}

/// Adds vectors in their order.
pub(super) fn added(all: &[impl AsRef<[f64]>]) -> Result<Vec<f64>, Error> {
    let (first, rest) = all.split_first().ok_or_else(differ)?;
    let mut sum = first.as_ref().to_vec();
    for other in rest {
        if other.as_ref().len() != sum.len() {
            return Err(differ());
        }
        sum.iter_mut().zip(other.as_ref()).for_each(|(to, from)| *to += from);
    }
    Ok(sum)
}

/// The upper triangle of a symmetric matrix, row by row.
fn write_triangle(matrix: &[f64], channels: usize, to: &mut Vec<f64>) {
    for (row, values) in matrix.chunks_exact(channels.max(1)).enumerate() {
        to.extend_from_slice(&values[row..]);
    }
}

/// Numbers that are not read yet.
struct Numbers<'a>(&'a [f64]);

impl<'a> Numbers<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [f64], Error> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or_else(differ)?;
        self.0 = rest;
        Ok(taken)
    }

    fn triangle(&mut self, channels: usize) -> Result<Vec<f64>, Error> {
        let mut matrix = vec![0.0; channels * channels];
        for row in 0..channels {
            for (offset, value) in self.take(channels - row)?.iter().enumerate() {
                let column = row + offset;
                (matrix[row * channels + column], matrix[column * channels + row]) = (*value, *value);
            }
        }
        Ok(matrix)
    }

    fn end(&self) -> Result<(), Error> {
        if self.0.is_empty() { Ok(()) } else { Err(differ()) }
    }
}

fn differ() -> Error {
    Error::invalid("sums", "they belong to another run: their number is wrong")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> Form {
        Form { style: vec![2, 3], regions: 2, content: vec![3], terms: 1 }
    }

    #[test]
    fn sums_come_back_as_they_went() {
        let moments = |channels: usize, from: f64| Moments {
            weight: from,
            first: (0..channels).map(|i| from + i as f64).collect(),
            second: (0..channels * channels)
                .map(|i| from * ((i / channels + 1) * (i % channels + 1)) as f64)
                .collect(),
        };
        let seen = Observation {
            moments: vec![vec![moments(2, 1.0), moments(2, 5.0)], vec![moments(3, 7.0), moments(3, 11.0)]],
            residuals: vec![Residual { weight: 4.0, channels: 3, sum: 0.5 }],
            features: Vec::new(),
        };
        let numbers = Form::write(&seen, &[0.25]);
        // 1 + 2 + 3 and 1 + 3 + 6 for each of two regions, a pair, a term.
        assert_eq!(numbers.len(), 2 * 6 + 2 * 10 + 2 + 1);
        assert_eq!(form().read(&numbers).unwrap(), (seen, vec![0.25]));
        assert!(form().read(&numbers[1..]).is_err() && form().of_content().read(&numbers).is_err());
        let twice = added(&[numbers.clone(), numbers.clone()]).unwrap();
        assert!(twice.iter().zip(&numbers).all(|(twice, once)| *twice == 2.0 * once));
        assert!(added(&[&numbers[..], &numbers[1..]]).is_err());
    }

    #[test]
    fn derivatives_come_back_as_they_went() {
        let by = |channels: usize| MomentsCotangent {
            first: vec![-1.0; channels],
            second: (0..channels * channels).map(|i| (i / channels + i % channels) as f64).collect(),
        };
        let by = Cotangents {
            moments: vec![vec![by(2), by(2)], vec![by(3), by(3)]],
            residuals: vec![3.0],
            features: Vec::new(),
        };
        let numbers = Form::write_cotangents(&by);
        assert_eq!(form().read_cotangents(&numbers).unwrap(), by);
        assert!(form().read_cotangents(&numbers[1..]).is_err());
    }
}
