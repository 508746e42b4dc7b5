//! Names of dynamic namespaces as patterns.

/// A name with places that vary, such as `/room-{id}`.
///
/// `{name}` stands for one or more characters other than `/`; everything else stands for itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    parts: Vec<Part>,
    text: Box<str>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(Box<str>),
    Capture(Box<str>),
}

impl Pattern {
    /// Reads a pattern; nothing when it does not begin with `/`, a brace is not closed, or two places stand side by side.
    pub fn parse(text: &str) -> Option<Self> {
        if !text.starts_with('/') {
            return None;
        }
        let mut parts = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(inside) = rest.strip_prefix('{') {
                let (name, after) = inside.split_once('}')?;
                if matches!(parts.last(), Some(Part::Capture(_))) {
                    return None;
                }
                parts.push(Part::Capture(name.into()));
                rest = after;
            } else {
                let end = rest.find('{').unwrap_or(rest.len());
                let (literal, after) = rest.split_at(end);
                parts.push(Part::Literal(literal.into()));
                rest = after;
            }
        }
        Some(Self { parts, text: text.into() })
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether a name is one of the pattern.
    pub fn matches(&self, name: &str) -> bool {
        self.captures(name).is_some()
    }

    /// What stands in the varying places of a name, where the name is one of the pattern.
    pub fn captures<'a>(&self, name: &'a str) -> Option<Vec<(&str, &'a str)>> {
        let mut found = Vec::new();
        let mut rest = name;
        let mut parts = self.parts.iter().peekable();
        while let Some(part) = parts.next() {
            match (part, parts.peek()) {
                (Part::Literal(literal), _) => rest = rest.strip_prefix(&**literal)?,
                (Part::Capture(key), next) => {
                    let end = match next {
                        // The shortest place that is not empty.
                        Some(Part::Literal(literal)) => {
                            let first = rest.chars().next()?.len_utf8();
                            first + rest.get(first..)?.find(&**literal)?
                        }
                        _ => rest.len(),
                    };
                    let (value, after) = rest.split_at_checked(end)?;
                    if value.is_empty() || value.contains('/') {
                        return None;
                    }
                    found.push((&**key, value));
                    rest = after;
                }
            }
        }
        rest.is_empty().then_some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_vary_and_the_rest_does_not() {
        let pattern = Pattern::parse("/dyn-{id}").unwrap();
        assert_eq!(pattern.captures("/dyn-101"), Some(vec![("id", "101")]));
        for name in ["/dyn-", "/dyn", "/dyn-1/2", "x/dyn-1", "/"] {
            assert!(!pattern.matches(name), "{name}");
        }
        let two = Pattern::parse("/{a}-{b}/x").unwrap();
        assert_eq!(two.captures("/é-2/x"), Some(vec![("a", "é"), ("b", "2")]));
    }

    #[test]
    fn broken_patterns_are_none() {
        for text in ["dyn", "/{a", "/{a}{b}", ""] {
            assert!(Pattern::parse(text).is_none(), "{text}");
        }
    }
}
