//! The keywords of JSON Schema draft-06, one file each: how its value is parsed, what it
//! adds to a plan, how it is checked, and its test.
//!
//! A keyword is added by its file and one line of the table below. There are three kinds:
//!
//! * rules on texts and on numbers. The walk along a plan checks them one by one, so they
//!   are plain functions of a value ([`TextAssertion`], [`NumberAssertion`]);
//! * everything else ([`Assertion`]). What a plan knows (types, declared properties,
//!   lists, counts) is compiled into it by [`compose`](Assertion::compose); what it doesn't
//!   is checked on the value's tree ([`check`](Assertion::check)), and only where a schema
//!   asks for it.

mod additional_items;
mod additional_properties;
mod all_of;
mod any_of;
mod constant;
mod contains;
mod count;
mod definitions;
mod dependencies;
mod enumeration;
mod exclusive_maximum;
mod exclusive_minimum;
mod format;
mod items;
mod max_items;
mod max_length;
mod max_properties;
mod maximum;
mod min_items;
mod min_length;
mod min_properties;
mod minimum;
mod multiple_of;
mod not;
mod one_of;
mod pattern;
mod pattern_properties;
mod properties;
mod property_names;
mod reference;
mod required;
#[cfg(test)]
mod testing;
mod typed;
mod unique_items;

use serde_json::Value;

use crate::check::json::Json;
use crate::check::number::Number;
use crate::check::path::Path;
use crate::check::rules::{At, Rules};
use crate::compile::merged::Merged;
use crate::model::{Applies, Origin, Reader, SchemaId};

pub(crate) use additional_properties::{AdditionalProperties, Others};
pub(crate) use any_of::fits_none;
pub(crate) use count::{too_few, too_many};
pub(crate) use enumeration::{Numbers, Texts, Values};
pub(crate) use format::Format;
pub(crate) use one_of::fits_several;
pub(crate) use properties::Name;
pub(crate) use required::message as missing;
pub(crate) use unique_items::{REPEATED, repeats};

/// Where the value of a keyword has schemas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subschemas {
    None,
    /// It is one.
    One,
    /// It is a list of them.
    List,
    /// It is one, or a list of them.
    OneOrList,
    /// It is an object of them.
    ByName,
}

/// A keyword that isn't only about texts or only about numbers.
pub(crate) trait Assertion: Sized {
    /// Where its value has schemas.
    const SUBSCHEMAS: Subschemas = Subschemas::None;

    /// Reads its value; `None` after telling what is wrong with it.
    fn parse<'r>(value: &'r Value, reader: &mut Reader<'_, 'r>) -> Option<Self>;

    /// Adds what it says to the rules of one place of a plan.
    fn compose<'m>(&'m self, origin: Origin, merged: &mut Merged<'m>);

    /// Reports where a value breaks it.
    fn check(&self, value: &Json<'_>, at: At<'_>, rules: &mut Rules<'_>);

    /// Gives each of its subschemas.
    fn subschemas(&self, _each: &mut dyn FnMut(SchemaId, Applies)) {}
}

/// A keyword that is about texts; it holds for all other values.
pub(crate) trait TextAssertion: Sized + Clone {
    /// Reads its value; `None` after telling what is wrong with it.
    fn parse<'r>(value: &'r Value, reader: &mut Reader<'_, 'r>) -> Option<Self>;

    /// Does it hold for this text?
    fn holds(&self, text: &str) -> bool;

    /// The sentence for a text that breaks it, with nothing of it but its shape. `needed` says that
    /// leaving the property out is no way.
    fn message(&self, text: &str, needed: bool) -> String;
}

/// A keyword that is about numbers; it holds for all other values.
pub(crate) trait NumberAssertion: Sized + Clone {
    /// Reads its value; `None` after telling what is wrong with it.
    fn parse<'r>(value: &'r Value, reader: &mut Reader<'_, 'r>) -> Option<Self>;

    /// Does it hold for this number?
    fn holds(&self, number: Number) -> bool;

    /// The sentence for a number that breaks it. Without the number, which may be a phone's.
    fn message(&self) -> String;
}

macro_rules! keywords {
    (
        texts { $($text_name:literal => $text:ident($text_type:ty),)* }
        numbers { $($number_name:literal => $number:ident($number_type:ty),)* }
        others { $($name:literal => $variant:ident($type:ty),)* }
    ) => {
        /// A keyword with its parsed value.
        #[derive(Debug)]
        pub(crate) enum Keyword {
            $($text($text_type),)*
            $($number($number_type),)*
            $($variant($type),)*
        }

        /// A rule on the texts of one place.
        #[derive(Clone, Debug)]
        pub(crate) enum TextRule {
            /// `enum` and `const`.
            OneOf(Texts),
            $($text($text_type),)*
        }

        /// A rule on the numbers of one place.
        #[derive(Clone, Debug)]
        pub(crate) enum NumberRule {
            /// `enum` and `const`.
            OneOf(Numbers),
            $($number($number_type),)*
        }

        impl TextRule {
            #[inline]
            pub(crate) fn holds(&self, text: &str) -> bool {
                match self {
                    TextRule::OneOf(rule) => rule.holds(text),
                    $(TextRule::$text(rule) => rule.holds(text),)*
                }
            }

            pub(crate) fn message(&self, text: &str, needed: bool) -> String {
                match self {
                    TextRule::OneOf(rule) => rule.message(text),
                    $(TextRule::$text(rule) => rule.message(text, needed),)*
                }
            }
        }

        impl NumberRule {
            #[inline]
            pub(crate) fn holds(&self, number: Number) -> bool {
                match self {
                    NumberRule::OneOf(rule) => rule.holds(number),
                    $(NumberRule::$number(rule) => rule.holds(number),)*
                }
            }

            pub(crate) fn message(&self) -> String {
                match self {
                    NumberRule::OneOf(rule) => rule.message(),
                    $(NumberRule::$number(rule) => rule.message(),)*
                }
            }
        }

        impl Keyword {
            /// Its name in a schema.
            pub(crate) fn name(&self) -> &'static str {
                match self {
                    $(Keyword::$text(_) => $text_name,)*
                    $(Keyword::$number(_) => $number_name,)*
                    $(Keyword::$variant(_) => $name,)*
                }
            }

            pub(crate) fn compose<'m>(&'m self, origin: Origin, merged: &mut Merged<'m>) {
                match self {
                    $(Keyword::$text(rule) => merged.text(TextRule::$text(rule.clone()), origin),)*
                    $(Keyword::$number(rule) => merged.number(NumberRule::$number(rule.clone()), origin),)*
                    $(Keyword::$variant(rule) => rule.compose(origin, merged),)*
                }
            }

            pub(crate) fn check(&self, value: &Json<'_>, origin: Origin, path: &Path<'_>, rules: &mut Rules<'_>) {
                let at = At { origin, path };
                match self {
                    $(Keyword::$text(rule) => check_text(rule, value, at, rules),)*
                    $(Keyword::$number(rule) => check_number(rule, value, at, rules),)*
                    $(Keyword::$variant(rule) => rule.check(value, at, rules),)*
                }
            }

            /// Gives each subschema.
            pub(crate) fn subschemas(&self, each: &mut dyn FnMut(SchemaId, Applies)) {
                match self {
                    $(Keyword::$text(_) => {})*
                    $(Keyword::$number(_) => {})*
                    $(Keyword::$variant(rule) => rule.subschemas(each),)*
                }
            }
        }

        /// Parses a keyword: `None` for a name that is none, `Some(None)` after telling what
        /// is wrong with it.
        pub(crate) fn parse<'r>(name: &str, value: &'r Value, reader: &mut Reader<'_, 'r>) -> Option<Option<Keyword>> {
            Some(match name {
                $($text_name => <$text_type>::parse(value, reader).map(Keyword::$text),)*
                $($number_name => <$number_type>::parse(value, reader).map(Keyword::$number),)*
                $($name => <$type>::parse(value, reader).map(Keyword::$variant),)*
                _ => return None,
            })
        }

        /// Where the value of the keyword of this name has schemas.
        pub(crate) fn subschemas(name: &str) -> Subschemas {
            match name {
                $($name => <$type>::SUBSCHEMAS,)*
                _ => Subschemas::None,
            }
        }

        const NAMES: &[&str] = &[$($text_name,)* $($number_name,)* $($name,)*];
    };
}

keywords! {
    texts {
        "minLength" => MinLength(min_length::MinLength),
        "maxLength" => MaxLength(max_length::MaxLength),
        "pattern" => Pattern(pattern::Pattern),
        "format" => Format(format::Format),
    }
    numbers {
        "minimum" => Minimum(minimum::Minimum),
        "maximum" => Maximum(maximum::Maximum),
        "exclusiveMinimum" => ExclusiveMinimum(exclusive_minimum::ExclusiveMinimum),
        "exclusiveMaximum" => ExclusiveMaximum(exclusive_maximum::ExclusiveMaximum),
        "multipleOf" => MultipleOf(multiple_of::MultipleOf),
    }
    others {
        "$ref" => Reference(reference::Reference),
        "definitions" => Definitions(definitions::Definitions),
        "type" => Type(typed::Type),
        "enum" => Enum(enumeration::Enum),
        "const" => Const(constant::Const),
        "properties" => Properties(properties::Properties),
        "patternProperties" => PatternProperties(pattern_properties::PatternProperties),
        "additionalProperties" => AdditionalProperties(additional_properties::AdditionalProperties),
        "propertyNames" => PropertyNames(property_names::PropertyNames),
        "required" => Required(required::Required),
        "dependencies" => Dependencies(dependencies::Dependencies),
        "minProperties" => MinProperties(min_properties::MinProperties),
        "maxProperties" => MaxProperties(max_properties::MaxProperties),
        "items" => Items(items::Items),
        "additionalItems" => AdditionalItems(additional_items::AdditionalItems),
        "contains" => Contains(contains::Contains),
        "minItems" => MinItems(min_items::MinItems),
        "maxItems" => MaxItems(max_items::MaxItems),
        "uniqueItems" => UniqueItems(unique_items::UniqueItems),
        "allOf" => AllOf(all_of::AllOf),
        "anyOf" => AnyOf(any_of::AnyOf),
        "oneOf" => OneOf(one_of::OneOf),
        "not" => Not(not::Not),
    }
}

/// The names of all keywords.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    NAMES.iter().copied()
}

pub(crate) fn is_known(name: &str) -> bool {
    NAMES.contains(&name)
}

/// What to write instead of a keyword that came after draft-06 and without which events
/// would be judged otherwise than their schema says.
pub(crate) fn of_later_draft(name: &str) -> Option<&'static str> {
    match name {
        "if" | "then" | "else" => Some("write the rule with \"anyOf\" and \"not\""),
        "dependentRequired" | "dependentSchemas" => Some("write \"dependencies\""),
        "prefixItems" => Some("write \"items\" with a list"),
        _ => None,
    }
}

fn check_text(rule: &impl TextAssertion, value: &Json<'_>, at: At<'_>, rules: &mut Rules<'_>) {
    if let Json::Text(text) = value
        && !rule.holds(text)
    {
        rules.violate(at, || rule.message(text, false));
    }
}

fn check_number(rule: &impl NumberAssertion, value: &Json<'_>, at: At<'_>, rules: &mut Rules<'_>) {
    if let Json::Number(number) = value
        && !rule.holds(*number)
    {
        rules.violate(at, || rule.message());
    }
}
