//! Symmetric C x C matrices in f64: eigendecompositions and products, computed by `faer`.

use faer::{Mat, MatRef, Side};

/// The spectral form V diag(values) V^T of a symmetric matrix.
pub(crate) struct Spectrum {
    vectors: Mat<f64>,
    pub(crate) values: Vec<f64>,
}

/// A square matrix from row-major values. For a symmetric matrix the order does not matter.
pub(crate) fn square(values: &[f64], size: usize) -> MatRef<'_, f64> {
    MatRef::from_row_major_slice(values, size, size)
}

impl Spectrum {
    /// Decomposes a symmetric matrix; `None` if the iteration does not converge, as for values that are not finite.
    pub(crate) fn of(matrix: MatRef<f64>) -> Option<Spectrum> {
        let eigen = matrix.self_adjoint_eigen(Side::Lower).ok()?;
        let values = eigen.S().column_vector().iter().copied().collect();
        Some(Spectrum { vectors: eigen.U().to_owned(), values })
    }

    /// V, the eigenvectors.
    pub(crate) fn vectors(&self) -> &Mat<f64> {
        &self.vectors
    }

    /// V diag(f(values)) V^T, given f(values).
    pub(crate) fn with_values(&self, values: &[f64]) -> Mat<f64> {
        scaled_square(&self.vectors, values)
    }
}

/// M diag(values) M^T.
pub(crate) fn scaled_square(matrix: &Mat<f64>, values: &[f64]) -> Mat<f64> {
    let scaled = Mat::from_fn(matrix.nrows(), matrix.ncols(), |i, j| matrix[(i, j)] * values[j]);
    scaled * matrix.transpose()
}

/// `scale` times (M + M^T) / 2, as row-major values.
pub(crate) fn symmetric_values(matrix: &Mat<f64>, scale: f64) -> Vec<f64> {
    let size = matrix.nrows();
    (0..size * size)
        .map(|i| 0.5 * scale * (matrix[(i / size, i % size)] + matrix[(i % size, i / size)]))
        .collect()
}
