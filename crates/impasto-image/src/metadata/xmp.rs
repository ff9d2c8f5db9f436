//! The recipe of a picture as XMP (ISO 16684-1): one property in our own namespace. JPEG, PNG, TIFF and WebP have a
//! place for XMP, and other programs show and keep it.

use roxmltree::Document;

const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
const XMP: &str = "http://ns.adobe.com/xap/1.0/";
/// Our namespace: a name, not an address.
const IMPASTO: &str = "urn:impasto:1.0:";
const PROPERTY: &str = "recipe";

/// Most bytes of a packet; no recipe is as long.
const LARGEST: usize = 4 << 20;

/// Makes a packet that holds a recipe.
pub(crate) fn packet(recipe: &str) -> String {
    // Characters that XML cannot hold become blanks; JSON escapes them anyway.
    let text: String = recipe
        .chars()
        .map(|c| match c {
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            // A reader of XML would normalise the line end.
            '\r' => "&#13;".to_owned(),
            '\n' | '\t' => c.to_string(),
            '\0'..' ' | '\u{fffe}' | '\u{ffff}' => " ".to_owned(),
            ' '..='~' => c.to_string(),
            // Texts in OpenEXR are ASCII.
            other => format!("&#x{:x};", u32::from(other)),
        })
        .collect();
    let tool = concat!("Impasto ", env!("CARGO_PKG_VERSION"));
    format!(
        "<?xpacket begin=\"\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n\
         <x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\n\
         <rdf:RDF xmlns:rdf=\"{RDF}\">\n\
         <rdf:Description rdf:about=\"\" xmlns:xmp=\"{XMP}\" xmlns:impasto=\"{IMPASTO}\">\n\
         <xmp:CreatorTool>{tool}</xmp:CreatorTool>\n\
         <impasto:{PROPERTY}>{text}</impasto:{PROPERTY}>\n\
         </rdf:Description>\n</rdf:RDF>\n</x:xmpmeta>\n<?xpacket end=\"r\"?>"
    )
}

/// The recipe in a packet, as an element, or as an attribute, which other programs write.
pub(crate) fn recipe_of(packet: &[u8]) -> Option<String> {
    if packet.len() > LARGEST {
        return None;
    }
    let text = std::str::from_utf8(packet).ok()?.trim_matches(['\u{feff}', '\0']);
    let document = Document::parse(text).ok()?;
    document.descendants().find_map(|node| {
        let attribute = node.attribute((IMPASTO, PROPERTY)).map(str::to_owned);
        attribute.or_else(|| {
            node.has_tag_name((IMPASTO, PROPERTY)).then(|| node.text().unwrap_or_default().to_owned())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipes_come_back() {
        for recipe in ["", "{\"a\": [1, 2]}", "<b> & \"q\" ]]> \r\n\t ü 漢 🎨"] {
            assert_eq!(recipe_of(packet(recipe).as_bytes()).as_deref(), Some(recipe));
        }
        assert_eq!(recipe_of(packet("a\0b").as_bytes()).as_deref(), Some("a b"));
    }

    #[test]
    fn attributes_are_read_and_the_rest_is_not() {
        let by_others = packet("x").replace("<impasto:recipe>x</impasto:recipe>", "");
        let by_others = by_others.replace("rdf:about=\"\"", "rdf:about=\"\" impasto:recipe=\"y\"");
        // The prefix is declared on the same element.
        assert_eq!(recipe_of(by_others.as_bytes()).as_deref(), Some("y"));
        for nonsense in [&b""[..], b"<a", b"\xff\xfe", b"<recipe>x</recipe>"] {
            assert_eq!(recipe_of(nonsense), None);
        }
    }
}
