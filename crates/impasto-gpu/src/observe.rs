//! Observations: the picture goes to the card, its kernels run in one submission, and the sums come back.

use impasto_encoder::Tap;
use impasto_engine::{EngineError, Features, Moments, Observation, Pixels, Rect, Request, Residual, Size};

use crate::buffer::Buffer;
use crate::engine::GpuEngine;
use crate::layers::{COLUMNS, QUAD, quads};
use crate::shape::{Role, Shape, blocks};

impl GpuEngine {
    /// [`Engine::observe`](impasto_engine::Engine::observe), for where a thread may not wait.
    ///
    /// # Errors
    /// The errors of that method.
    pub async fn observe_async(
        &mut self,
        image: &Pixels,
        request: &Request,
    ) -> Result<Observation, EngineError> {
        request.check(self.network.encoder.topology(), image.size)?;
        if let Some(target) = request.residuals.iter().find(|target| target.index() >= self.targets.len()) {
            return Err(EngineError::NoSuchTarget { index: target.index() });
        }
        self.prepare(Shape::of(request, image.size, self.half), request, true)?;
        self.device.write(self.arena.get(Role::Picture), 0, &image.data);
        self.device.count();
        let encoder = self.device.inner.create_command_encoder(&Default::default());
        self.look_after(encoder, request).await
    }

    /// Runs the recorded observation of the picture that is on the card, in one submission with the commands before it.
    pub(crate) async fn look_after(
        &mut self,
        mut encoder: wgpu::CommandEncoder,
        request: &Request,
    ) -> Result<Observation, EngineError> {
        let topology = self.network.encoder.topology().clone();
        let recording = self.recording.as_ref().ok_or(EngineError::NothingToObserve)?;
        let (shape, sums) = (recording.shape.clone(), recording.shape.sums(&topology));
        let host = self.host(sums.floats);
        if let Some(recording) = &self.recording {
            recording.forward.encode(&self.device, &mut encoder);
        }
        let bytes = (size_of::<f32>() * sums.floats) as u64;
        if bytes > 0 {
            encoder.copy_buffer_to_buffer(self.arena.get(Role::Sums), 0, &host, 0, bytes);
        }
        self.cancel.check()?;
        self.device.queue.submit([encoder.finish()]);
        let values = self.device.read(&host, sums.floats).await?;
        let mut observation = Observation::default();
        let mut starts = sums.moments.iter();
        for tap in &shape.moments {
            let (block, channels) = (topology.convs()[tap.conv()].block - 1, topology.channels(*tap));
            let area = shape.size_at(&topology, tap.conv()).area();
            let regions = starts.by_ref().take(shape.sets()).enumerate().map(|(region, start)| {
                let weight = if shape.regions > 0 { self.planes.sum(region, block) } else { area as f64 };
                unpack(&values[QUAD * start..], channels, weight)
            });
            observation.moments.push(regions.collect());
        }
        for ((_, tap), range) in shape.residuals.iter().zip(&sums.residuals) {
            let block = topology.convs()[tap.conv()].block - 1;
            let weight = match shape.residual_weight {
                true => self.planes.sum(shape.regions, block),
                false => shape.size_at(&topology, tap.conv()).area() as f64,
            };
            let sum = values[range.clone()].iter().map(|&part| f64::from(part)).sum();
            observation.residuals.push(Residual { weight, channels: topology.channels(*tap), sum });
        }
        for tap in &shape.features {
            observation.features.push(self.map(*tap, None).await?);
        }
        self.cancel.check()?;
        self.observed = Some(request.clone());
        Ok(observation)
    }

    /// [`Engine::features`](impasto_engine::Engine::features), for where a thread may not wait.
    ///
    /// # Errors
    /// The errors of that method.
    pub async fn features_async(
        &mut self,
        image: &Pixels,
        edges: impasto_engine::Edges,
        tap: Tap,
        window: Rect,
    ) -> Result<Features, EngineError> {
        self.run_to(image, edges, tap)?;
        let (width, height) =
            self.network.encoder.topology().size_at(tap.conv(), (image.size.width, image.size.height));
        let (right, bottom) = (window.x + window.size.width, window.y + window.size.height);
        if right > width || bottom > height {
            let (expected, found) = (Size::new(width, height), Size::new(right, bottom));
            return Err(EngineError::SizesDiffer { what: "window of features", expected, found });
        }
        self.map(tap, Some(window)).await
    }

    /// Runs the network up to a tap.
    pub(crate) fn run_to(
        &mut self,
        image: &Pixels,
        edges: impasto_engine::Edges,
        tap: Tap,
    ) -> Result<(), EngineError> {
        let request = Request { features: vec![tap], edges, ..Request::default() };
        request.check(self.network.encoder.topology(), image.size)?;
        self.prepare(Shape::of(&request, image.size, self.half), &request, false)?;
        self.device.write(self.arena.get(Role::Picture), 0, &image.data);
        let mut encoder = self.device.inner.create_command_encoder(&Default::default());
        if let Some(recording) = &self.recording {
            recording.forward.encode(&self.device, &mut encoder);
        }
        self.device.queue.submit([encoder.finish()]);
        self.device.check()
    }

    /// The map at a tap, or a window of it.
    async fn map(&mut self, tap: Tap, window: Option<Rect>) -> Result<Features, EngineError> {
        let (channels, size, values) = self.values(tap.conv()).await?;
        let whole = Rect { x: 0, y: 0, size };
        let Rect { x, y, size: inner } = window.unwrap_or(whole);
        let stride = QUAD * quads(channels);
        let mut data = Vec::with_capacity(channels * inner.area());
        for channel in 0..channels {
            for row in y..y + inner.height {
                let positions = row * size.width + x..row * size.width + x + inner.width;
                data.extend(positions.map(|position| f64::from(values[position * stride + channel])));
            }
        }
        Ok(Features { channels, size: inner, data })
    }

    /// Channels, size and values of the map after a convolution, as the card holds them.
    pub(crate) async fn values(&mut self, conv: usize) -> Result<(usize, Size, Vec<f32>), EngineError> {
        let topology = self.network.encoder.topology();
        let recording = self.recording.as_ref().ok_or(EngineError::NoObservation)?;
        let count = QUAD * recording.shape.map_quads(topology, conv);
        let (size, channels) = (recording.shape.size_at(topology, conv), topology.convs()[conv].outputs);
        let host = self.host(count);
        self.copy_to_host(recording.shape.map(topology, conv), &host, count);
        Ok((channels, size, self.device.read(&host, count).await?))
    }

    /// Copies the first numbers of a buffer to one of the host.
    pub(crate) fn copy_to_host(&self, role: Role, host: &Buffer, count: usize) {
        let mut encoder = self.device.inner.create_command_encoder(&Default::default());
        let bytes = (size_of::<f32>() * count) as u64;
        encoder.copy_buffer_to_buffer(self.arena.get(role), 0, host, 0, bytes);
        self.device.queue.submit([encoder.finish()]);
    }
}

/// The moments in the records of the pairs of blocks.
fn unpack(values: &[f32], channels: usize, weight: f64) -> Moments {
    let (mut first, mut second) = (vec![0.0; channels], vec![0.0; channels * channels]);
    let count = blocks(channels);
    let pairs = (0..count).flat_map(|row| (row..count).map(move |column| (row, column)));
    for ((row, column), record) in pairs.zip(values.chunks(QUAD * crate::shape::RECORD)) {
        let of_block = |block: usize| block * COLUMNS..((block + 1) * COLUMNS).min(channels);
        for i in of_block(row) {
            for j in of_block(column) {
                let value = f64::from(record[(i % COLUMNS) * COLUMNS + j % COLUMNS]);
                // Within a block both halves are computed, and may round differently.
                if i <= j {
                    (second[i * channels + j], second[j * channels + i]) = (value, value);
                }
            }
            if row == column {
                first[i] = f64::from(record[COLUMNS * COLUMNS + i % COLUMNS]);
            }
        }
    }
    Moments { weight, first, second }
}
