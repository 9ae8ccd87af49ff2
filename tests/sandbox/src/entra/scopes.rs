//! Scopes: which there are, whose they are, and what may be asked for at once.

use super::error::EntraError;
use crate::sandbox::Sandbox;
use crate::settings::ScopeStyle;
use crate::world::App;

/// Graph's app id, which may stand for its address in scopes and error texts.
pub const GRAPH_APP: &str = "00000003-0000-0000-c000-000000000000";
const GRAPH: &str = "https://graph.microsoft.com";
const OTHER_RESOURCES: [&str; 2] = ["https://outlook.office.com", "https://management.azure.com"];
const OIDC: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// Delegated permissions the sandbox knows; `true` where Microsoft wants an administrator's consent.
const DELEGATED: [(&str, bool); 21] = [
    ("User.Read", false),
    ("User.ReadWrite", false),
    ("User.ReadBasic.All", false),
    ("User.Read.All", true),
    ("Directory.Read.All", true),
    ("Mail.Read", false),
    ("Mail.ReadBasic", false),
    ("Mail.ReadWrite", false),
    ("Mail.Send", false),
    ("Mail.Read.Shared", false),
    ("Mail.ReadBasic.Shared", false),
    ("Mail.ReadWrite.Shared", false),
    ("Mail.Send.Shared", false),
    ("MailboxFolder.Read", false),
    ("MailboxFolder.ReadWrite", false),
    ("MailboxSettings.Read", false),
    ("MailboxSettings.ReadWrite", false),
    ("Calendars.Read", false),
    ("Contacts.Read", false),
    ("Files.Read", false),
    ("Sites.Read.All", false),
];

/// A scope string, sorted out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scopes {
    /// `openid`, `profile`, `email`, `offline_access`.
    pub oidc: Vec<String>,
    /// Graph's permissions in short names.
    pub graph: Vec<String>,
    /// Other resources' scopes in full.
    pub other: Vec<String>,
    /// `.default` was asked for.
    pub default: bool,
    /// The resource that came first.
    pub first: Option<String>,
}

impl Scopes {
    /// Reads a scope string of a delegated request.
    pub fn parse(text: &str, sandbox: &Sandbox, app: &App) -> Result<Self, EntraError> {
        let mut scopes = Self::default();
        for scope in text.split(' ').filter(|scope| !scope.is_empty()) {
            scopes.take(scope, text, sandbox, app)?;
        }
        if scopes.default && !(scopes.graph.is_empty() && scopes.other.is_empty()) {
            return Err(invalid(
                70_011,
                format!(
                    "The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. \
                     The scope {text} is not valid. .default scope can't be combined with resource-specific scopes."
                ),
            ));
        }
        if scopes.default {
            scopes.graph.clone_from(&app.scopes);
        }
        Ok(scopes)
    }

    fn take(&mut self, scope: &str, text: &str, sandbox: &Sandbox, app: &App) -> Result<(), EntraError> {
        if OIDC.contains(&scope) {
            self.oidc.push(scope.to_owned());
            return Ok(());
        }
        let (resource, name) = match scope.rsplit_once('/') {
            Some((resource, name)) => (resource, name),
            None => (GRAPH, scope),
        };
        let graph = is_graph(resource, sandbox);
        if !graph && !OTHER_RESOURCES.contains(&resource) {
            return Err(invalid(
                70_011,
                format!(
                    "The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. \
                     The scope {text} is not valid."
                ),
            ));
        }
        self.first
            .get_or_insert_with(|| if graph { GRAPH.to_owned() } else { resource.to_owned() });
        if name == ".default" {
            self.default = true;
        } else if OIDC.contains(&name) {
            // A prefixed OIDC scope is a permission that grants nothing.
        } else if !graph {
            self.other.push(scope.to_owned());
        } else if let Some((known, _)) = DELEGATED.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            self.graph.push((*known).to_owned());
        } else {
            return Err(invalid(
                650_053,
                format!(
                    "The application '{}' asked for scope '{name}' that doesn't exist on the resource '{GRAPH_APP}'. Contact the app vendor.",
                    app.name
                ),
            ));
        }
        Ok(())
    }

    /// Everything but `.default`, as kept in grants.
    pub fn all(&self) -> Vec<String> {
        self.oidc
            .iter()
            .chain(&self.graph)
            .chain(&self.other)
            .cloned()
            .collect()
    }

    /// Whether more than one resource is named.
    pub fn several_resources(&self) -> bool {
        let mut resources: Vec<&str> = self
            .other
            .iter()
            .filter_map(|scope| scope.rsplit_once('/'))
            .map(|(resource, _)| resource)
            .collect();
        resources.dedup();
        resources.len() + usize::from(!self.graph.is_empty()) > 1
    }
}

fn invalid(code: u32, description: String) -> EntraError {
    EntraError::new(code, "invalid_scope", description)
}

/// Whether a resource in a scope is Graph: by address, app id, or the sandbox's own address of it.
pub fn is_graph(resource: &str, sandbox: &Sandbox) -> bool {
    let resource = resource.trim_end_matches('/');
    resource.eq_ignore_ascii_case(GRAPH) || resource == GRAPH_APP || resource == sandbox.graph_url()
}

/// Whether a permission needs an administrator's consent.
pub fn needs_admin(scope: &str) -> bool {
    DELEGATED.iter().any(|(name, admin)| *admin && *name == scope)
}

/// Whether a scope belongs to Graph's permissions (not OIDC, not another resource).
pub fn is_permission(scope: &str) -> bool {
    !OIDC.contains(&scope) && !scope.contains('/')
}

/// The `scope` of a token answer. `offline_access` is not echoed.
pub fn granted(scopes: &[String], style: ScopeStyle) -> String {
    let shown: Vec<String> = scopes
        .iter()
        .filter(|scope| *scope != "offline_access")
        .map(|scope| {
            if style == ScopeStyle::Prefixed && is_permission(scope) {
                format!("{GRAPH}/{scope}")
            } else {
                scope.clone()
            }
        })
        .collect();
    shown.join(" ")
}
