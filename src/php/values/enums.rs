//! The enums.

use super::Enumeration;

/// Every enum, each with the values that JSON shows.
pub const ENUMS: &[Enumeration] = &[
    Enumeration {
        name: "TokenState",
        cases: &[
            ("NeverSignedIn", "never_signed_in"),
            ("Valid", "valid"),
            ("Expired", "expired"),
            ("SignInRequired", "sign_in_required"),
            ("ActionRequired", "action_required"),
        ],
    },
    Enumeration {
        name: "RefreshOutcome",
        cases: &[
            ("Refreshed", "refreshed"),
            ("NotDue", "not_due"),
            ("NeverSignedIn", "never_signed_in"),
            ("SignInRequired", "sign_in_required"),
            ("ActionRequired", "action_required"),
            ("TemporaryFailure", "temporary_failure"),
            ("UnknownAccount", "unknown_account"),
        ],
    },
    Enumeration {
        name: "Actor",
        cases: &[
            ("Nobody", "nobody"),
            ("User", "user"),
            ("AppAdministrator", "app_administrator"),
            ("TenantAdministrator", "tenant_administrator"),
            ("Host", "host"),
        ],
    },
    Enumeration {
        name: "Importance",
        cases: &[("Low", "low"), ("Normal", "normal"), ("High", "high")],
    },
    Enumeration {
        name: "BodyType",
        cases: &[("Text", "text"), ("Html", "html")],
    },
    Enumeration {
        name: "AttachmentKind",
        cases: &[("File", "file"), ("Item", "item"), ("Reference", "reference")],
    },
    Enumeration {
        name: "CheckStatus",
        cases: &[
            ("Ok", "ok"),
            ("Warning", "warning"),
            ("Failed", "failed"),
            ("Skipped", "skipped"),
        ],
    },
    Enumeration {
        name: "Disposition",
        cases: &[
            ("Import", "import"),
            ("Leave", "leave"),
            ("Processed", "processed"),
            ("Error", "error"),
        ],
    },
    Enumeration {
        name: "ImportOutcome",
        cases: &[
            ("Imported", "imported"),
            ("Rejected", "rejected"),
            ("Left", "left"),
            ("Filtered", "filtered"),
            ("Failed", "failed"),
        ],
    },
];
