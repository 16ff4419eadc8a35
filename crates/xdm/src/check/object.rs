//! Objects, maps and lists.

use super::cursor::Stop;
use super::json::Json;
use super::once::Noted;
use super::path::{Path, PathStep};
use super::report;
use super::search::is_telling_value;
use super::suggestions::{EDITS_MAX, distance};
use super::{EventState, Identity, Walk};
use crate::keyword::{REPEATED, repeats, too_few, too_many};
use crate::limits::{ITEMS_MAX, KEY_BYTES_MAX, MEMBERS_MAX};
use crate::names::{Found, Name, NameTable, SPELLED_PLATFORM, Target};
use crate::personal;
use crate::plan::{Child, ListNode, Loc, MapNode, NodeId, ObjectNode};
use crate::profile::{IdRule, Spelling, Undeclared};
use crate::sink::{NullSink, Sink};
use crate::violation::Violation;

/// Where the marks of an open object begin.
#[derive(Clone, Copy)]
struct Frame {
    /// In `EventState::seen`.
    seen: usize,
    /// In `EventState::names`.
    names: usize,
}

impl<'w, S: Sink> Walk<'w, S> {
    pub(super) fn object(&mut self, node: &'w ObjectNode, path: &Path<'_>) -> Result<(), Stop> {
        if self.cursor.peek() != b'{' {
            return match &node.otherwise {
                Some(general) => self.general(general, path),
                None => self.wrong_type(node.type_loc, "an object", path),
            };
        }
        let start = self.cursor.at();
        if let Some(slot) = node.slot {
            self.sink.object(slot);
        }
        let frame = Frame { seen: self.state.seen.len(), names: self.state.names.len() };
        match node.words {
            1 => self.state.seen.push(0),
            words => self.state.seen.resize(frame.seen + words as usize, 0),
        }
        let members = self.members(node, &node.names, frame, path)?;
        if members == 0
            && let Some(slot) = node.slot
        {
            self.sink.empty(slot);
        }
        let missing = node.required & !self.state.seen[frame.seen];
        if missing != 0 {
            self.missing(node, 0, missing, path);
        }
        if node.has_end {
            self.end(node, members, frame, start, path);
        }
        self.state.seen.truncate(frame.seen);
        self.state.names.truncate(frame.names);
        Ok(())
    }

    /// What few objects need when all of their members are read.
    #[inline(never)]
    fn end(&mut self, node: &'w ObjectNode, members: usize, frame: Frame, start: usize, path: &Path<'_>) {
        for (word, required) in (1..).zip(&node.required_beyond) {
            let missing = required & !self.state.seen[frame.seen + word];
            if missing != 0 {
                self.missing(node, word, missing, path);
            }
        }
        self.count_rules(members, node.members_min, node.members_max, "properties", path);
        if !node.choices.is_empty() {
            self.choose(node, frame.seen, start, path);
        }
    }

    /// Reads the members of an object, or of a namespace inside it; gives their number.
    #[inline]
    fn members(
        &mut self,
        node: &'w ObjectNode,
        table: &'w NameTable,
        frame: Frame,
        path: &Path<'_>,
    ) -> Result<usize, Stop> {
        match self.cursor.is_spaced() || !self.state.order.is_known() {
            false => self.members_in_order(node, table, frame, path),
            true => self.members_in_any_order(node, table, frame, path),
        }
    }

    /// Members as programs write them: in the order of the last event, without white space.
    fn members_in_order(
        &mut self,
        node: &'w ObjectNode,
        table: &'w NameTable,
        frame: Frame,
        path: &Path<'_>,
    ) -> Result<usize, Stop> {
        self.cursor.open()?;
        let mut more = self.cursor.peek() != b'}';
        let mut count = 0;
        let mut last = 0;
        while more {
            count += 1;
            let rest = self.cursor.name_rest()?;
            let cell = table.cells + last;
            let guess = self.state.predictions[cell];
            let found = match table.name(guess).filter(|name| name.begins(rest)) {
                Some(name) => Some(Found { at: guess, name, len: name.len() }),
                // The guess was wrong: look the name up, and guess better next time.
                None => {
                    self.state.order.misses += 1;
                    table.find_quoted(rest)
                }
            };
            let at = match found {
                Some(found) => {
                    self.cursor.advance(found.len + 2);
                    self.cursor.colon()?;
                    self.known(node, table, found.name, frame, path)?;
                    Some(found.at)
                }
                None => self.unexpected(node, table, frame, path)?,
            };
            if let Some(at) = at {
                self.state.predictions[cell] = at;
                last = usize::from(at) + 1;
            }
            more = self.cursor.more(b'}')?;
        }
        self.cursor.close();
        self.state.order.members += count;
        Ok(count)
    }

    /// Members in any order, with white space between them: the same with fewer branches,
    /// since none of them could be foreseen.
    fn members_in_any_order(
        &mut self,
        node: &'w ObjectNode,
        table: &'w NameTable,
        frame: Frame,
        path: &Path<'_>,
    ) -> Result<usize, Stop> {
        self.cursor.open()?;
        let mut more = self.cursor.peek() != b'}';
        let mut count = 0;
        while more {
            count += 1;
            match table.find_quoted(self.cursor.name_rest()?) {
                Some(found) => {
                    // The length is known before the name is, so that reading on need not wait.
                    self.cursor.advance(found.len + 2);
                    self.cursor.colon_spaced()?;
                    self.known(node, table, found.name, frame, path)?;
                }
                None => {
                    self.unexpected(node, table, frame, path)?;
                }
            }
            more = self.cursor.more_spaced(b'}')?;
        }
        self.cursor.close();
        Ok(count)
    }

    /// A member whose name is one of the table's; the cursor is at its value.
    #[inline(always)]
    fn known(
        &mut self,
        node: &'w ObjectNode,
        table: &'w NameTable,
        name: &'w Name,
        frame: Frame,
        path: &Path<'_>,
    ) -> Result<(), Stop> {
        self.spelled |= name.spelling;
        if name.spelling == SPELLED_PLATFORM && self.profile.spelling == Spelling::XdmOnly {
            return self.undeclared(node, name.text(), frame, path);
        }
        let (index, plain) = match name.target {
            Target::Plain(index) => (usize::from(index), true),
            Target::Child(index) => (usize::from(index), false),
            Target::Group(group) => return self.group(node, table, usize::from(group), name.text(), frame, path),
        };
        let child = &node.children[index];
        let below = path.below(PathStep::Child { name, child });
        let (word, bit) = (frame.seen + index / 64, 1u64 << (index % 64));
        let seen = &mut self.state.seen[word];
        if *seen & bit != 0 {
            return self.again(node, &below);
        }
        *seen |= bit;
        if plain {
            return self.value(name.node, &below);
        }
        if child.undeclared {
            return self.undeclared_value(node, &child.xdm, &below);
        }
        // A namespace of the platform stands for a prefix, and such an event has no prefixes that rules could be about.
        let has_no_prefix =
            name.spelling == SPELLED_PLATFORM && child.is_in_namespace() && self.profile.spelling == Spelling::Either;
        if let Some(loc) = child.forbidden.filter(|_| !has_no_prefix) {
            let message = || "the schema permits no property of this name here; leave it out".to_owned();
            self.violate(loc, &below, message);
        }
        for slot in &child.opens {
            self.sink.object(*slot);
        }
        if child.raw {
            return self.raw_child(child, &below);
        }
        self.value(child.node, &below)
    }

    /// A declared property that came before.
    #[cold]
    fn again(&mut self, node: &ObjectNode, path: &Path<'_>) -> Result<(), Stop> {
        self.state.violate(|| report::duplicate(path, self.plan.location(node.type_loc)));
        self.cursor.skip_value()?;
        Ok(())
    }

    /// A name that can't be found at once: long, escaped, near the end, or undeclared.
    /// Gives its number if it is one of the table's.
    #[cold]
    fn unexpected(
        &mut self,
        node: &'w ObjectNode,
        table: &'w NameTable,
        frame: Frame,
        path: &Path<'_>,
    ) -> Result<Option<u16>, Stop> {
        let rest = self.cursor.name_rest()?;
        let Some(text) = self.cursor.plain_string()? else {
            return self.escaped(node, table, frame, path);
        };
        self.cursor.colon()?;
        // Where all short names have been looked for, it isn't declared.
        if table.finds_at_once(rest, text.len()) {
            return self.undeclared(node, text, frame, path).map(|()| None);
        }
        match table.find(text.as_bytes()).and_then(|at| table.name(at).map(|name| (at, name))) {
            Some((at, name)) => {
                self.known(node, table, name, frame, path)?;
                Ok(Some(at))
            }
            None => self.undeclared(node, text, frame, path).map(|()| None),
        }
    }

    /// A name with escapes: looked up like others once it is decoded.
    fn escaped(
        &mut self,
        node: &'w ObjectNode,
        table: &'w NameTable,
        frame: Frame,
        path: &Path<'_>,
    ) -> Result<Option<u16>, Stop> {
        let mut text = self.state.scratch.lend();
        self.cursor.escaped_string(&mut text)?;
        self.cursor.colon()?;
        let len = text.len();
        let at = match table.find_closed(&mut text) {
            Some(at) => Some(at),
            None => table.find(&text.as_bytes()[..len]),
        };
        let found = at.and_then(|at| table.name(at));
        if found.is_none() {
            self.undeclared(node, &text[..len], frame, path)?;
        }
        self.state.scratch.give_back(text);
        if let Some(name) = found {
            self.known(node, table, name, frame, path)?;
        }
        Ok(found.and(at))
    }

    /// A declared value without a column of its own.
    #[cold]
    fn raw_child(&mut self, child: &Child, path: &Path<'_>) -> Result<(), Stop> {
        let start = self.cursor.at();
        self.muted += 1;
        self.value(child.node, path)?;
        self.muted -= 1;
        let raw = self.cursor.since(start);
        self.keep_raw(path, raw, child.personal);
        Ok(())
    }

    /// A namespace in platform spelling: its members are properties of the object around it.
    fn group(
        &mut self,
        node: &'w ObjectNode,
        table: &'w NameTable,
        group: usize,
        sent: &str,
        frame: Frame,
        path: &Path<'_>,
    ) -> Result<(), Stop> {
        let group = &table.groups[group];
        let below = path.below(PathStep::Group { sent });
        if self.cursor.peek() != b'{' {
            return self.wrong_type(node.type_loc, "an object", &below);
        }
        if !self.first_of_its_name(sent, frame, &below, node.type_loc)? {
            return Ok(());
        }
        if let Some(slot) = group.slot {
            self.sink.object(slot);
        }
        // Its members are properties of the object around it, but what nobody declared has the same name only in the
        // same place.
        let own = Frame { names: self.state.names.len(), ..frame };
        let members = self.members(node, &group.table, own, &below)?;
        self.state.names.truncate(own.names);
        if members == 0
            && let Some(slot) = group.slot
        {
            self.sink.empty(slot);
        }
        Ok(())
    }

    #[cold]
    fn missing(&mut self, node: &ObjectNode, word: usize, mut missing: u64, path: &Path<'_>) {
        while missing != 0 {
            let index = word * 64 + missing.trailing_zeros() as usize;
            missing &= missing - 1;
            let child = &node.children[index];
            if path.is_root() && index == self.plan.id_child && self.profile.id == IdRule::MayBeMissing {
                continue;
            }
            let Some(loc) = child.required_loc else { continue };
            let name = if self.profile.spelling == Spelling::XdmOnly || self.spelled == crate::names::SPELLED_XDM {
                &child.xdm
            } else {
                &child.platform
            };
            self.violate(loc, path, || format!("the property {name:?} is missing; add it"));
        }
    }

    /// A member that nobody declared: what the schema says about others, then keep it.
    #[cold]
    fn undeclared(&mut self, node: &'w ObjectNode, key: &str, frame: Frame, path: &Path<'_>) -> Result<(), Stop> {
        let below = path.below(PathStep::Key(key));
        if !self.first_of_its_name(key, frame, &below, node.type_loc)? {
            return Ok(());
        }
        let start = self.cursor.at();
        self.undeclared_value(node, key, &below)?;
        if !node.free.names.is_empty() && !path.is_namespace() {
            self.mark_free(node, key, start, frame.seen, &below);
        }
        Ok(())
    }

    /// The value of an undeclared property.
    #[cold]
    fn undeclared_value(&mut self, node: &'w ObjectNode, key: &str, path: &Path<'_>) -> Result<(), Stop> {
        for closed in node.others.closed.iter().filter(|closed| !closed.named.has(key)) {
            let violation = || report::prefix(path, self.plan.location(closed.loc), key);
            // Platform spelling has no prefixes, so a bare name counts only in an event
            // that is spelled as the schema is; that is known at its end.
            let bare = !key.contains(':') && !key.starts_with('@');
            if bare && self.profile.spelling == Spelling::Either {
                self.state.pending.push(violation);
            } else {
                self.state.violate(violation);
            }
        }
        let matching: Vec<_> = {
            let patterned = node.others.patterns.iter().filter(|(pattern, _)| pattern.is_match(key));
            let additional = node.others.additional.iter().filter(|(named, _)| !named.has(key));
            patterned.map(|(_, node)| *node).chain(additional.map(|(_, node)| *node)).collect()
        };
        // Looked at only where somebody wants to know.
        let is_wanted = S::KEEPS || self.state.notices.has_room();
        let personal = node.personal || node.others.personal || (is_wanted && self.is_personal_by_name(node, key));
        if matching.is_empty() && !node.others.alternatives.iter().any(|name| **name == *key) {
            let location = self.plan.location(node.type_loc);
            match self.profile.undeclared {
                Undeclared::Reject => {
                    let EventState { suggestions, violations, .. } = &mut *self.state;
                    violations.push(|| report::extraneous(path, location, suggestions.of(key, &node.names)));
                }
                Undeclared::Permit => {
                    let EventState { suggestions, notices, .. } = &mut *self.state;
                    notices.push(|| report::undeclared(path, suggestions.of(key, &node.names), personal));
                }
            }
        }
        let start = self.cursor.at();
        self.muted += 1;
        for other in &matching {
            self.cursor.rewind(start);
            self.value(*other, path)?;
        }
        self.muted -= 1;
        if matching.is_empty() {
            self.cursor.skip_value()?;
        }
        let raw = self.cursor.since(start);
        self.keep_raw(path, raw, personal);
        Ok(())
    }

    /// Is the value that follows an undeclared name personal, going by the name?
    fn is_personal_by_name(&self, node: &ObjectNode, key: &str) -> bool {
        let is_near = |name: &str| {
            let key = key.rsplit(':').next().unwrap_or_default();
            key.len().abs_diff(name.len()) <= EDITS_MAX && distance(&key.to_lowercase(), name) <= EDITS_MAX
        };
        let by_name = || personal::name::is_telling(key) || node.guarded.iter().any(|name| is_near(name));
        (is_telling_value(self.cursor.peek()) && by_name()) || personal::text::is_telling(key)
    }

    /// Reports a name that comes twice, and skips its value; `true` for a new name.
    fn first_of_its_name(&mut self, key: &str, frame: Frame, path: &Path<'_>, loc: Loc) -> Result<bool, Stop> {
        match self.state.names.note(frame.names, key) {
            Noted::New => Ok(true),
            Noted::Again => {
                self.state.violate(|| report::duplicate(path, self.plan.location(loc)));
                self.cursor.skip_value()?;
                Ok(false)
            }
            Noted::TooMany => {
                Err(Stop::limit("an object has more than", MEMBERS_MAX, "undeclared properties; send fewer"))
            }
        }
    }

    pub(super) fn map(&mut self, node: &'w MapNode, path: &Path<'_>) -> Result<(), Stop> {
        if self.cursor.peek() != b'{' {
            return self.wrong_type(node.type_loc, "an object", path);
        }
        if let Some((list, _)) = node.list {
            self.sink.begin(list);
        }
        let frame = Frame { seen: self.state.seen.len(), names: self.state.names.len() };
        self.cursor.open()?;
        let mut more = self.cursor.peek() != b'}';
        let mut count = 0;
        while more {
            count += 1;
            if self.cursor.peek() != b'"' {
                return Err(self.cursor.syntax("a property name in quotes is missing"));
            }
            let mut decoded = String::new();
            let key = match self.cursor.plain_string()? {
                Some(key) => key,
                None => {
                    self.cursor.escaped_string(&mut decoded)?;
                    &decoded
                }
            };
            self.cursor.colon()?;
            self.entry(node, key, frame, path)?;
            more = self.cursor.more(b'}')?;
        }
        self.cursor.close();
        self.state.names.truncate(frame.names);
        if let Some((list, _)) = node.list {
            self.sink.end(list);
        }
        self.count_rules(count, node.members_min, node.members_max, "keys", path);
        Ok(())
    }

    fn entry(&mut self, node: &'w MapNode, key: &str, frame: Frame, path: &Path<'_>) -> Result<(), Stop> {
        let below = path.below(PathStep::Key(key));
        if !self.first_of_its_name(key, frame, &below, node.type_loc)? {
            return Ok(());
        }
        let around = self.identity;
        if !node.personal_keys.is_empty() {
            self.identity = match node.is_personal_key(key) {
                true => Identity::Personal,
                false => Identity::Any,
            };
        }
        let start = self.cursor.at();
        // A key is a column's value too, and stands in the pointer of whatever is below it.
        let is_odd = key.len() > KEY_BYTES_MAX || personal::text::is_telling(key);
        match node.list {
            Some(_) if is_odd => {
                self.judge(node.value, &below)?;
                self.keep_raw(&below, self.cursor.since(start), true);
            }
            Some((list, slot)) => {
                self.sink.item(list);
                self.sink.text(slot, key);
                self.value(node.value, &below)?;
            }
            None => {
                self.muted += 1;
                self.value(node.value, &below)?;
                self.muted -= 1;
                let raw = self.cursor.since(start);
                self.keep_raw(&below, raw, is_odd || node.personal);
            }
        }
        self.identity = around;
        Ok(())
    }

    /// Checks a value that is kept as it was sent, and not in the columns it has.
    fn judge(&mut self, node: NodeId, path: &Path<'_>) -> Result<(), Stop> {
        let Walk { plan, profile, spelled, muted, identity, .. } = *self;
        let (cursor, state) = (self.cursor.clone(), &mut *self.state);
        let sink = &mut NullSink;
        let mut walk = Walk { plan, profile, cursor, state, sink, spelled, muted, identity };
        walk.value(node, path)?;
        let (end, spelled) = (walk.cursor.at(), walk.spelled);
        self.cursor.rewind(end);
        self.spelled = spelled;
        Ok(())
    }

    pub(super) fn list(&mut self, node: &'w ListNode, path: &Path<'_>) -> Result<(), Stop> {
        if self.cursor.peek() != b'[' {
            return self.wrong_type(node.type_loc, "a list", path);
        }
        let start = self.cursor.at();
        match node.list {
            Some(list) => self.sink.begin(list),
            None => self.muted += 1,
        }
        self.cursor.open()?;
        let mut more = self.cursor.peek() != b']';
        let mut count = 0;
        while more {
            if count >= ITEMS_MAX {
                return Err(Stop::limit("a list has more than", ITEMS_MAX, "items; send fewer"));
            }
            if let Some(list) = node.list {
                self.sink.item(list);
            }
            self.value(node.item, &path.below(PathStep::Index(count)))?;
            count += 1;
            more = self.cursor.more(b']')?;
        }
        self.cursor.close();
        match node.list {
            Some(list) => self.sink.end(list),
            None => {
                self.muted -= 1;
                self.keep_raw(path, self.cursor.since(start), node.personal);
            }
        }
        if let Some(loc) = node.unique
            && Json::parse(self.cursor.since(start)).is_some_and(|list| repeats(&list))
        {
            self.violate(loc, path, || REPEATED.to_owned());
        }
        self.count_rules(count, node.items_min, node.items_max, "items", path);
        Ok(())
    }

    #[inline]
    fn count_rules(
        &mut self,
        count: usize,
        min: Option<(usize, Loc)>,
        max: Option<(usize, Loc)>,
        what: &str,
        path: &Path<'_>,
    ) {
        if let Some((min, loc)) = min
            && count < min
        {
            self.violate(loc, path, || too_few(count, what, min));
        }
        if let Some((max, loc)) = max
            && count > max
        {
            self.violate(loc, path, || too_many(count, what, max));
        }
    }

    /// Reports a violation of a schema rule.
    #[cold]
    pub(super) fn violate(&mut self, loc: Loc, path: &Path<'_>, message: impl FnOnce() -> String) {
        let schema = self.plan.location(loc);
        self.state.violate(|| Violation {
            pointer: path.sent(),
            schema: schema.to_owned(),
            keyword: report::keyword_of(schema).to_owned(),
            message: message(),
        });
    }
}
