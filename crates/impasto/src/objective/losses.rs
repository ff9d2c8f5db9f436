//! The terms of a loss, as steps and reports state them.

use serde::{Deserialize, Serialize};

/// The terms of a loss, with all weights applied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Losses {
    /// Content terms: layer and value.
    #[serde(with = "as_map")]
    pub content: Vec<(String, f64)>,
    /// Style terms: layer and value.
    #[serde(with = "as_map")]
    pub style: Vec<(String, f64)>,
    /// The total variation term.
    pub tv: f64,
    /// The sum of all terms.
    pub total: f64,
}

/// Serialises terms as a map from names to values, in their order.
mod as_map {
    use serde::de::{Deserializer, MapAccess, Visitor};
    use serde::ser::{SerializeMap, Serializer};

    type Terms = Vec<(String, f64)>;

    pub(super) fn serialize<S: Serializer>(
        terms: &[(String, f64)],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(terms.len()))?;
        for (name, value) in terms {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Terms, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Terms;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("terms of a loss")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Terms, A::Error> {
                let mut terms = Vec::new();
                while let Some(term) = map.next_entry()? {
                    terms.push(term);
                }
                Ok(terms)
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}
