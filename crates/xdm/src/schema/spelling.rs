//! How a property name of the schema is spelled on the platform, where names have no
//! prefixes and namespaces are nested objects: `xdm:chatStart` → `chatStart`,
//! `@id` → `_id`, `schema:latitude` → `_schema.latitude`,
//! `https://ns.adobe.com/experience/mcid` → `_experience.mcid`.
//! The rules are those of XDM's NAMESPACES.md.

/// The steps of a name in platform spelling; one for a plain property, more for one
/// in a namespace.
pub fn platform_steps(name: &str) -> Vec<String> {
    match name {
        "@id" => return vec!["_id".to_owned()],
        "@type" => return vec!["_type".to_owned()],
        "@context" => return vec!["@context".to_owned()],
        _ => {}
    }
    let name = if name.contains([':', '/', '@']) { name.to_owned() } else { format!("unqualified.{name}") };
    let stripped = name
        .replace("https://", "")
        .replace("http://", "")
        .replace("ns.adobe.com/xdm/data/metrics/", "")
        .replace("ns.adobe.com/xdm/", "")
        .replace("ns.adobe.com/", "")
        .replace("xdm:", "")
        .replace("@id", "_id")
        .replace("@type", "_type")
        .replace(['/', ':'], ".");
    let mut steps: Vec<String> = stripped.split('.').filter(|s| !s.is_empty()).map(camel).collect();
    if steps.len() > 1 {
        steps[0].insert(0, '_');
    }
    steps
}

/// `with-hyphen` → `withHyphen`.
fn camel(step: &str) -> String {
    let mut parts = step.split('-');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let mut chars = part.chars();
        out.extend(chars.next().map(|c| c.to_ascii_uppercase()));
        out.push_str(chars.as_str());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spells_names_as_the_platform_does() {
        let check = |name: &str, expect: &str| assert_eq!(platform_steps(name).join("."), expect, "{name}");
        check("xdm:chatStart", "chatStart");
        check("@id", "_id");
        check("@type", "_type");
        check("@context", "@context");
        check("schema:latitude", "_schema.latitude");
        check("repo:createDate", "_repo.createDate");
        check("customerA:sku", "_customerA.sku");
        check("dc:language", "_dc.language");
        check("https://ns.adobe.com/xdm/foo", "foo");
        check("https://ns.adobe.com/xdm/channels/application", "_channels.application");
        check("https://ns.adobe.com/experience/mcid", "_experience.mcid");
        check("https://ns.adobe.com/experience/campaign/message", "_experience.campaign.message");
        check("https://example.com/ns/x", "_example.com.ns.x");
        check("bare", "_unqualified.bare");
        check("xdm:with-hyphen", "withHyphen");
    }
}
