//! `frontdesk schema infer`: a draft of a field group from what arrives undeclared.

use schemas::infer::Inference;

use super::{counted, pretty, write_out};
use crate::args::SchemaInferArgs;
use crate::failure::{Failure, warn};
use crate::input::Input;
use crate::policies::ValidationPolicies;
use crate::settings::Settings;

/// Runs the command.
///
/// # Errors
/// A file can't be read, nothing is undeclared (exit code 1), or the group can't be written.
pub(crate) fn run(args: &SchemaInferArgs, settings: &Settings) -> Result<(), Failure> {
    let is_of_id = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if args.id.is_none() && (args.name.is_empty() || !args.name.chars().all(is_of_id)) {
        return Err(Failure::usage(format_args!("the name {:?} makes no $id", args.name))
            .help("a name has letters, digits, '.', '_' and '-', or the $id is given with --id"));
    }
    let policies = ValidationPolicies::of(settings)?.told();
    let policy = policies.of_datastream(&args.datastream);
    let mut inference = Inference::new(policy.plan.clone(), policy.profile);
    // How many events aren't JSON, and where the first one is.
    let mut broken: (usize, Option<String>) = (0, None);
    for path in &args.files {
        let input = Input::named(path);
        let mut reader = input.open()?;
        while let Some(batch) = reader.next_batch().map_err(|error| input.unreadable(&error))? {
            for (place, _, event) in batch.events() {
                match serde_json::from_slice::<serde::de::IgnoredAny>(event) {
                    Ok(_) => inference.add(event),
                    Err(error) => {
                        let (intake::EventPosition::Line(number) | intake::EventPosition::Event(number)) = place;
                        broken.0 += 1;
                        broken.1.get_or_insert_with(|| format!("{}:{number}: {error}", input.name()));
                    }
                }
            }
        }
    }
    if let (count, Some(first)) = &broken {
        let events = counted(*count, "event");
        warn(format_args!(
            "left out {events} that can't be read as JSON, the first at {first}; `frontdesk check` tells all"
        ));
    }
    if inference.places() == 0 {
        warn(format_args!("nothing is undeclared in {}", counted(inference.events() as usize, "event")));
        return Err(Failure::answered_no());
    }
    if inference.is_cut() {
        warn("more places are undeclared than are kept; the group has the first of them");
    }
    let id = args.id.clone().unwrap_or_else(|| format!("https://ns.example.com/mixins/{}", args.name));
    write_out(&pretty(&inference.group(&id, &args.name)), args.out.as_deref())
}
