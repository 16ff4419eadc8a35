//! How events are judged: by which schema, and how strictly; which may differ by datastream.

use std::collections::BTreeMap;
use std::sync::Arc;

use xdm::{Checker, Plan, Profile};

/// How events are judged: by which schema, and how strictly.
///
/// The profile goes into the journal with the event. The plan doesn't: all that waits in the
/// journal was judged by the plans that are kept beside it, and is drained by them before others
/// come into force.
#[derive(Clone, Debug)]
pub struct ValidationPolicy {
    /// The compiled schema.
    pub plan: Arc<Plan>,
    /// How strictly it is applied.
    pub profile: Profile,
}

impl ValidationPolicy {
    /// A checker that judges this way.
    pub(crate) fn checker(&self) -> Checker {
        Checker::new(Arc::clone(&self.plan), self.profile)
    }

    /// Whether both judge alike.
    pub(crate) fn is(&self, other: &ValidationPolicy) -> bool {
        Arc::ptr_eq(&self.plan, &other.plan) && self.profile == other.profile
    }
}

/// The policies of one data directory.
#[derive(Clone, Debug)]
pub(crate) struct Policies {
    pub(crate) default: ValidationPolicy,
    pub(crate) by_datastream: BTreeMap<String, ValidationPolicy>,
}

impl Policies {
    /// The policy for events of this datastream.
    pub(crate) fn of(&self, datastream: &str) -> &ValidationPolicy {
        self.by_datastream.get(datastream).unwrap_or(&self.default)
    }

    /// The policy under which a record was admitted: its profile is in the record, its plan is
    /// the datastream's of today.
    pub(crate) fn of_record(&self, datastream: &str, profile: Option<Profile>) -> ValidationPolicy {
        let policy = self.of(datastream);
        ValidationPolicy { plan: Arc::clone(&policy.plan), profile: profile.unwrap_or(policy.profile) }
    }

    /// A datastream whose plan has columns of its own, which one table can't hold.
    pub(crate) fn find_foreign_layout(&self) -> Option<&str> {
        let layout = self.default.plan.layout();
        let mut others = self.by_datastream.iter().filter(|(_, policy)| !Arc::ptr_eq(policy.plan.layout(), layout));
        others.next().map(|(datastream, _)| datastream.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_keeps_its_profile_and_takes_todays_plan() {
        let (spec, strict) = (Profile::spec(), Profile::aep_strict());
        let policy = |profile| ValidationPolicy { plan: xdm::standard_plan(), profile };
        let by_datastream = BTreeMap::from([("shop".to_owned(), policy(strict))]);
        let policies = Policies { default: policy(spec), by_datastream };
        let check = |datastream: &str, profile: Option<Profile>, expect: Profile| {
            assert_eq!(policies.of_record(datastream, profile).profile, expect, "{datastream} {profile:?}");
        };
        check("shop", None, strict);
        check("shop", Some(spec), spec);
        check("other", None, spec);
        check("other", Some(strict), strict);
        assert_eq!(policies.of("shop").profile, strict);
        assert_eq!(policies.find_foreign_layout(), None);
    }
}
