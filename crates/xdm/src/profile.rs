//! How strictly events are read.

/// What happens to properties that the schema doesn't declare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undeclared {
    /// They are permitted, as the schema says, kept, and noticed.
    Permit,
    /// They are violations, as Adobe Experience Platform has it.
    Reject,
}

/// What a missing `_id` means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdRule {
    /// A violation, as the schema says.
    Required,
    /// Nothing: whoever takes the event in gives it an id.
    MayBeMissing,
}

/// Which spellings of property names are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// `xdm:chatStart` and `chatStart`, also mixed.
    Either,
    /// Only `xdm:chatStart`, as the published schema has it.
    XdmOnly,
}

/// How strictly events are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Properties that the schema doesn't declare.
    pub undeclared: Undeclared,
    /// A missing `_id`.
    pub id: IdRule,
    /// Spellings of property names.
    pub spelling: Spelling,
}

impl Profile {
    /// What the schema says, in either spelling; a missing `_id` is given by the receiver.
    pub const fn spec() -> Self {
        Profile { undeclared: Undeclared::Permit, id: IdRule::MayBeMissing, spelling: Spelling::Either }
    }

    /// As [`spec`](Self::spec), and undeclared properties are violations.
    pub const fn aep_strict() -> Self {
        Profile { undeclared: Undeclared::Reject, ..Self::spec() }
    }

    /// The published schema to the letter: for comparing verdicts with other validators.
    pub const fn letter() -> Self {
        Profile { undeclared: Undeclared::Permit, id: IdRule::Required, spelling: Spelling::XdmOnly }
    }

    /// Finds a profile by the name that settings use: `spec` or `aep-strict`.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "spec" => Some(Self::spec()),
            "aep-strict" => Some(Self::aep_strict()),
            _ => None,
        }
    }
}

impl Default for Profile {
    fn default() -> Self {
        Self::spec()
    }
}
