//! The reasons why a graphics card cannot be used.

/// The reason why a graphics card cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GpuError {
    /// There is no card, or no driver for it.
    NoAdapter,
    /// No adapter has this name or number.
    NoSuchAdapter {
        /// The name asked for.
        name: String,
        /// The adapters that there are.
        known: Vec<String>,
    },
    /// The driver gave no access to the card.
    Refused {
        /// The card's name.
        adapter: String,
        /// The driver's words.
        reason: String,
    },
}

impl std::fmt::Display for GpuError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            GpuError::NoAdapter => f.write_str(
                "this machine shows no graphics card with a driver for Vulkan, Metal or DirectX 12",
            ),
            GpuError::NoSuchAdapter { name, known } => {
                write!(f, "no graphics card is called {name}; there are {}", known.join(", "))
            }
            GpuError::Refused { adapter, reason } => write!(f, "{adapter} cannot be used: {reason}"),
        }
    }
}

impl std::error::Error for GpuError {}
