//! `OData`'s query options and the `Prefer` header.

use super::error::GraphError;
use crate::exchange::Request;

/// The query options of a request.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// `$top`
    pub top: Option<usize>,
    /// `$skip`
    pub skip: usize,
    /// `$select`, in order
    pub select: Option<Vec<String>>,
    /// `$filter`
    pub filter: Option<String>,
    /// `$orderby`: property and whether descending
    pub orderby: Vec<(String, bool)>,
    /// `$count=true`
    pub count: bool,
    /// `$expand`
    pub expand: Option<String>,
    /// `$search`
    pub search: Option<String>,
    /// `includeHiddenFolders=true`
    pub hidden: bool,
    /// `$deltatoken`
    pub delta: Option<String>,
    /// `$skiptoken`
    pub skip_token: Option<String>,
    /// `changeType`
    pub change_type: Option<String>,
    /// All pairs as they came, to repeat in links.
    pub pairs: Vec<(String, String)>,
}

impl Query {
    /// Reads the options; `$` before a system option may be left out, twice the same is an error.
    pub fn read(request: &Request) -> Result<Self, GraphError> {
        let mut query = Self {
            pairs: request.pairs(),
            ..Self::default()
        };
        let mut seen = Vec::new();
        for (name, value) in query.pairs.clone() {
            let plain = name.trim_start_matches('$').to_ascii_lowercase();
            if seen.contains(&plain) {
                return Err(GraphError::bad_request(format!(
                    "Query option '{name}' was specified more than once, but it must be specified at most once."
                )));
            }
            seen.push(plain.clone());
            query.take(&plain, &name, value)?;
        }
        Ok(query)
    }

    fn take(&mut self, plain: &str, name: &str, value: String) -> Result<(), GraphError> {
        match plain {
            "top" => match value.parse::<usize>() {
                Ok(top) if (1..=1_000).contains(&top) => self.top = Some(top),
                Ok(top) if top > 1_000 => {
                    return Err(GraphError::bad_request(format!(
                        "The limit of '1000' for Top query has been exceeded. The value from the incoming request is '{top}'."
                    )));
                }
                _ => return Err(invalid("$top", &value)),
            },
            "skip" => self.skip = value.parse().map_err(|_| invalid("$skip", &value))?,
            "select" => self.select = Some(list(&value)),
            "filter" => self.filter = Some(value),
            "orderby" => self.orderby = order(&value)?,
            "count" => self.count = flag("$count", &value)?,
            "expand" => self.expand = Some(value),
            "search" => self.search = Some(value),
            "includehiddenfolders" => self.hidden = flag(name, &value)?,
            "deltatoken" => self.delta = Some(value),
            "skiptoken" => self.skip_token = Some(value),
            "changetype" => self.change_type = Some(value),
            "format" => {}
            _ if name.starts_with('$') => {
                return Err(GraphError::bad_request(format!(
                    "The query parameter '{name}' is not supported."
                )));
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether a property is wanted.
    pub fn wants(&self, name: &str) -> bool {
        self.select
            .as_ref()
            .is_none_or(|select| select.iter().any(|wanted| wanted == name))
    }

    /// Whether a property is named in `$select`.
    pub fn names(&self, name: &str) -> bool {
        self.select
            .as_ref()
            .is_some_and(|select| select.iter().any(|wanted| wanted == name))
    }

    /// What is in `$expand`: several stand beside each other with commas between them, and each may have options with commas of their own.
    pub fn expansions(&self) -> Vec<&str> {
        let mut depth = 0_u32;
        let outside = move |character: char| {
            match character {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                _ => {}
            }
            character == ',' && depth == 0
        };
        self.expand
            .as_deref()
            .map_or_else(Vec::new, |expand| expand.split(outside).collect())
    }

    /// Refuses properties the type does not have.
    pub fn check_select(&self, known: &[&str], type_name: &str) -> Result<(), GraphError> {
        for wanted in self.select.iter().flatten() {
            if wanted != "*" && !known.contains(&wanted.as_str()) {
                return Err(unknown_property(wanted, type_name));
            }
        }
        Ok(())
    }

    /// A link to another part of the same collection: the same options, some replaced.
    pub fn link(&self, url: &str, replace: &[(&str, String)], drop: &[&str]) -> String {
        let encode =
            |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
        let mut pairs: Vec<(String, String)> = self
            .pairs
            .iter()
            .filter(|(name, _)| !drop.contains(&name.as_str()) && !replace.iter().any(|(other, _)| other == name))
            .cloned()
            .collect();
        pairs.extend(replace.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        let joined = pairs
            .iter()
            .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
            .collect::<Vec<_>>()
            .join("&");
        format!("{url}?{joined}")
    }
}

/// Splits at commas outside of parentheses.
fn list(value: &str) -> Vec<String> {
    value
        .split(',')
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .collect()
}

fn order(value: &str) -> Result<Vec<(String, bool)>, GraphError> {
    list(value)
        .into_iter()
        .map(|entry| match entry.split_whitespace().collect::<Vec<_>>().as_slice() {
            [name] | [name, "asc"] => Ok(((*name).to_owned(), false)),
            [name, "desc"] => Ok(((*name).to_owned(), true)),
            _ => Err(invalid("$orderby", value)),
        })
        .collect()
}

fn flag(name: &str, value: &str) -> Result<bool, GraphError> {
    match value.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(invalid(name, value)),
    }
}

fn invalid(name: &str, value: &str) -> GraphError {
    GraphError::bad_request(format!("Invalid value '{value}' for {name} query option found."))
}

/// The type has no such property.
pub fn unknown_property(name: &str, type_name: &str) -> GraphError {
    GraphError::bad_request(format!(
        "Parsing OData Select and Expand failed: Could not find a property named '{name}' on type 'microsoft.graph.{type_name}'."
    ))
}

/// The preferences Graph honours here.
#[derive(Debug, Clone, Default)]
pub struct Prefer {
    /// `IdType="ImmutableId"`
    pub immutable: bool,
    /// `outlook.body-content-type="text"` (`Some(true)`) or `"html"`
    pub text: Option<bool>,
    /// `outlook.allow-unsafe-html`
    pub unsafe_html: bool,
    /// `odata.maxpagesize`
    pub page: Option<usize>,
}

impl Prefer {
    /// Reads all `Prefer` fields.
    pub fn read(request: &Request) -> Self {
        let mut prefer = Self::default();
        let all = request
            .headers
            .get_all("prefer")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .collect::<Vec<_>>()
            .join(",");
        for entry in all.split([',', ';']).map(str::trim) {
            let (name, value) = entry.split_once('=').unwrap_or((entry, ""));
            let value = value.trim().trim_matches('"');
            match name.trim().to_ascii_lowercase().as_str() {
                "idtype" => prefer.immutable = value.eq_ignore_ascii_case("ImmutableId"),
                "outlook.body-content-type" => prefer.text = Some(value.eq_ignore_ascii_case("text")),
                "outlook.allow-unsafe-html" => prefer.unsafe_html = true,
                "odata.maxpagesize" => prefer.page = value.parse().ok().filter(|size| *size > 0),
                _ => {}
            }
        }
        prefer
    }

    /// What `Preference-Applied` says.
    pub fn applied(&self) -> Option<String> {
        let mut applied = Vec::new();
        if self.immutable {
            applied.push("IdType=\"ImmutableId\"".to_owned());
        }
        if let Some(text) = self.text {
            applied.push(format!(
                "outlook.body-content-type=\"{}\"",
                if text { "text" } else { "html" }
            ));
        }
        if let Some(page) = self.page {
            applied.push(format!("odata.maxpagesize={page}"));
        }
        (!applied.is_empty()).then(|| applied.join(", "))
    }
}
