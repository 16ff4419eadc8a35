//! Where the walk is, as a chain on the stack; turned into a JSON pointer only when
//! something is to be reported or kept.

use crate::limits::POINTER_BYTES_MAX;
use crate::names::Name;
use crate::personal::name;
use crate::plan::Child;
use crate::violation::mask_key;

/// One step of a path.
#[derive(Clone, Copy, Debug)]
pub(crate) enum PathStep<'p> {
    Root,
    /// A declared property, by the name that was sent.
    Child {
        name: &'p Name,
        child: &'p Child,
    },
    /// A namespace in platform spelling; the child below it brings the full stored name.
    Group {
        sent: &'p str,
    },
    /// A key of a map, or an undeclared property.
    Key(&'p str),
    /// An item of a list.
    Index(usize),
}

/// A path from the event to a value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Path<'p> {
    parent: Option<&'p Path<'p>>,
    step: PathStep<'p>,
}

impl<'p> Path<'p> {
    pub(super) const ROOT: Path<'static> = Path { parent: None, step: PathStep::Root };

    #[inline]
    pub(crate) fn below(&'p self, step: PathStep<'p>) -> Path<'p> {
        Path { parent: Some(self), step }
    }

    pub(super) fn is_root(&self) -> bool {
        self.parent.is_none()
    }

    /// Does it lead to a namespace in platform spelling?
    pub(super) fn is_namespace(&self) -> bool {
        matches!(self.step, PathStep::Group { .. })
    }

    /// Does it lead to a property that its object must have?
    pub(super) fn is_required(&self) -> bool {
        matches!(self.step, PathStep::Child { child, .. } if child.required_loc.is_some())
    }

    /// Does it lead to the event's own id?
    pub(super) fn is_id(&self) -> bool {
        let at_root = self.parent.is_some_and(Path::is_root);
        at_root && matches!(self.step, PathStep::Child { child, .. } if &*child.platform == "_id")
    }

    /// The pointer into the event as it was sent, with telling keys masked. Of one that
    /// is too long as much is written as its cut needs.
    pub(super) fn sent(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, &mut |out, step| match step {
            PathStep::Root => {}
            _ if out.len() > POINTER_BYTES_MAX => {}
            PathStep::Child { name, .. } => push(out, name.text()),
            PathStep::Group { sent } => push(out, sent),
            PathStep::Key(key) => push(out, &mask_key(key)),
            PathStep::Index(at) => push(out, &at.to_string()),
        });
        out
    }

    /// The pointer in platform spelling, appended to `out`.
    pub(super) fn write_stored(&self, out: &mut String) {
        // Where namespaces begin that no declared property has followed yet, which would bring them.
        let mut open = None;
        self.write(out, &mut |out, step| match step {
            PathStep::Root => {}
            PathStep::Group { sent } => {
                open.get_or_insert(out.len());
                push(out, sent);
            }
            PathStep::Child { child, .. } => {
                if let Some(length) = open.take() {
                    out.truncate(length);
                }
                out.push('/');
                out.push_str(&child.platform);
            }
            PathStep::Key(key) => {
                open = None;
                push(out, key);
            }
            PathStep::Index(at) => push(out, &at.to_string()),
        });
    }

    /// How long that pointer is, in bytes.
    pub(super) fn stored_len(&self) -> usize {
        let mut bytes = 0;
        let mut next = Some(self);
        // A declared property brings the namespaces above it.
        let mut brings_namespaces = false;
        while let Some(Path { parent, step }) = next {
            bytes += match step {
                PathStep::Root => 0,
                PathStep::Group { .. } if brings_namespaces => 0,
                PathStep::Group { sent } => pushed_len(sent),
                PathStep::Child { child, .. } => {
                    brings_namespaces = true;
                    1 + child.platform.len()
                }
                PathStep::Key(key) => {
                    brings_namespaces = false;
                    pushed_len(key)
                }
                PathStep::Index(at) => 2 + at.checked_ilog10().unwrap_or(0) as usize,
            };
            next = *parent;
        }
        bytes
    }

    /// Is the value here, by its name, about a person?
    pub(super) fn is_of_person(&self) -> bool {
        match self.step {
            PathStep::Key(key) => name::is_of_person(key),
            PathStep::Child { child, .. } => child.undeclared && name::is_of_person(&child.xdm),
            _ => false,
        }
    }

    fn write(&self, out: &mut String, each: &mut dyn FnMut(&mut String, PathStep<'_>)) {
        if let Some(parent) = self.parent {
            parent.write(out, each);
        }
        each(out, self.step);
    }
}

/// What [`push`] appends, in bytes.
fn pushed_len(step: &str) -> usize {
    1 + step.len() + step.bytes().filter(|byte| matches!(byte, b'~' | b'/')).count()
}

/// Appends a step to a JSON pointer.
pub(super) fn push(out: &mut String, step: &str) {
    out.push('/');
    if !step.bytes().any(|byte| matches!(byte, b'~' | b'/')) {
        return out.push_str(step);
    }
    for c in step.chars() {
        match c {
            '~' => out.push_str("~0"),
            '/' => out.push_str("~1"),
            c => out.push(c),
        }
    }
}
